package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/gomtl/gomtl/internal/cluster"
	"github.com/gomtl/gomtl/mtl"
	"github.com/gomtl/gomtl/mtl/sweep"
	"github.com/urfave/cli/v3"
)

// machineFlags are for sweeps over several machines.
func machineFlags() []cli.Flag {
	const category = "Using several machines"
	return []cli.Flag{
		&cli.StringFlag{Name: "share", Category: category, Usage: "train this share of the settings only, INDEX/COUNT such as 0/4 for the first of four", Local: true},
		&cli.StringFlag{Name: "backend", Category: category, Usage: "kubernetes or slurm: train nothing, and write the job that does", Local: true},
		&cli.IntFlag{Name: "shares", Category: category, Usage: "shares of the job", Value: 4, Local: true},
		&cli.IntFlag{Name: "parallel", Category: category, Usage: "shares that run at once (default: all)", HideDefault: true, Local: true},
		&cli.StringFlag{Name: "script", Category: category, Usage: "file to write (default: sweep.yaml or sweep.sbatch in the study folder)", Local: true},
		&cli.StringFlag{Name: "name", Category: category, Usage: "of the job (default: that of the study folder)", Local: true},
		&cli.StringFlag{Name: "program", Category: category, Usage: "gomtl on the machines, or in the image", Value: "gomtl", Local: true},
		&cli.DurationFlag{Name: "time", Category: category, Usage: "longest time of a share, such as 4h", HideDefault: true, Local: true},
		&cli.IntFlag{Name: "cpus", Category: category, Usage: "CPUs of a share", HideDefault: true, Local: true},
		&cli.IntFlag{Name: "memory", Category: category, Usage: "memory of a share, in GiB", HideDefault: true, Local: true},
		&cli.IntFlag{Name: "gpus", Category: category, Usage: "GPUs of a share (Kubernetes: nvidia.com/gpu)", HideDefault: true, Local: true},
		&cli.StringFlag{Name: "image", Category: category, Usage: "container image, for Kubernetes", Local: true},
		&cli.StringFlag{Name: "volume", Category: category, Usage: "shared folder, for Kubernetes: claim:NAME, nfs:SERVER:/PATH or host:/PATH", Local: true},
		&cli.StringFlag{Name: "mount", Category: category, Usage: "where the container has the volume; the study folder is below it, by its name", Value: "/runs", Local: true},
		&cli.StringFlag{Name: "namespace", Category: category, Usage: "for Kubernetes", Local: true},
		&cli.IntFlag{Name: "retries", Category: category, Usage: "times that a share which fails is started again, for Kubernetes", Value: 3, Local: true},
	}
}

func readShare(text string) (sweep.Share, error) {
	index, count, _ := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, errCount := strconv.Atoi(count)
	if err != nil || errCount != nil || i < 0 || i >= n {
		return sweep.Share{}, fmt.Errorf("-share %s: want INDEX/COUNT with an index from 0 to COUNT-1, such as 0/4", text)
	}
	return sweep.Share{Index: i, Count: n}, nil
}

// writeJob writes what an engine needs to train the sweep in shares.
func writeJob(c *cli.Command, engine string, m *mtl.Model, data mtl.Data, options sweep.Options) error {
	suffix, submit := ".yaml", "kubectl apply -f"
	switch engine {
	case "kubernetes":
	case "slurm":
		suffix, submit = ".sbatch", "sbatch"
	default:
		return fmt.Errorf("there is no backend %q: want kubernetes or slurm, or no -backend to train here", engine)
	}
	if options.Share.Count > 0 {
		return fmt.Errorf("-share %s: a job is for all shares: want -shares %d", c.String("share"), options.Share.Count)
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return err
	}
	options.Share = sweep.Share{Count: c.Int("shares")}
	planned, err := sweep.Plan(m, data, options)
	if err != nil {
		return err
	}
	trials := len(planned.Trials) + len(planned.Baselines)
	if shares := options.Share.Count; shares < 1 || shares > trials {
		return fmt.Errorf("-shares %d: want 1 to %d, the number of trials, those of single tasks included", shares, trials)
	}
	name := c.String("name")
	if name == "" {
		name = cluster.NameFor(filepath.Base(dir))
	}
	study := dir
	if engine == "kubernetes" {
		study = path.Join(c.String("mount"), filepath.Base(dir))
	}
	job := cluster.Job{
		Name: name, Command: append([]string{c.String("program"), "sweep", "-out=" + study}, given(c, sweepFlags())...),
		Shares: options.Share.Count, Parallel: c.Int("parallel"), Time: c.Duration("time"),
		CPUs: c.Int("cpus"), MemoryGiB: c.Int("memory"), GPUs: c.Int("gpus"),
	}
	var text []byte
	if engine == "slurm" {
		text, err = job.Slurm(dir)
	} else {
		text, err = job.Kubernetes(cluster.Pod{
			Image: c.String("image"), Namespace: c.String("namespace"), Volume: c.String("volume"), Mount: c.String("mount"), Retries: c.Int("retries"),
		})
	}
	if err != nil {
		return err
	}
	file := c.String("script")
	if file == "" {
		file = filepath.Join(options.Dir, "sweep"+suffix)
	}
	if err := os.MkdirAll(options.Dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(file, text, 0o666); err != nil {
		return err
	}
	fmt.Fprintf(c.Root().Writer, "%d trials in %d shares: %s\nsubmit:  %s %s\nresults: gomtl sweep collect %s\n",
		trials, job.Shares, file, submit, shellescape.Quote(file), shellescape.Quote(options.Dir))
	return nil
}

// given are the flags that were set, but for the study folder, as arguments.
func given(c *cli.Command, flags []cli.Flag) (args []string) {
	for _, f := range flags {
		name := f.Names()[0]
		if !c.IsSet(name) || name == "out" {
			continue
		}
		switch value := c.Value(name).(type) {
		case []string:
			for _, v := range value {
				args = append(args, "-"+name+"="+v)
			}
		default:
			args = append(args, fmt.Sprintf("-%s=%v", name, value))
		}
	}
	return args
}
