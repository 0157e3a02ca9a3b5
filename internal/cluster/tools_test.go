package cluster_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/internal/cluster"
)

const toolsEnv = "GOMTL_CLUSTER_TOOLS"

// tool is the path of a program that `.ci/run cluster` installs.
func tool(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv(toolsEnv)
	if dir == "" {
		t.Skip(toolsEnv + ` names no folder with kubernetes-validate and shellcheck; to have one:
python3 -m venv output/cluster && output/cluster/bin/pip install -r internal/cluster/testdata/requirements.txt
` + toolsEnv + "=$PWD/output/cluster/bin go test ./internal/cluster")
	}
	return filepath.Join(dir, name)
}

// The manifest is what Kubernetes' own schemas want, without any field that they do not know.
func TestToolsKubernetes(t *testing.T) {
	validate, dir := tool(t, "kubernetes-validate"), t.TempDir()
	strange := full
	strange.Command = append([]string{"gomtl"}, oddArguments...)
	var files []string
	write := func(name string, text []byte) {
		files = append(files, filepath.Join(dir, name))
		if err := os.WriteFile(files[len(files)-1], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, job := range map[string]cluster.Job{"full": full, "bare": bare, "odd": strange} {
		for _, volume := range []string{"claim:runs", "nfs:server.example:/exports/runs", "host:/runs"} {
			manifest, err := job.Kubernetes(cluster.Pod{Image: "registry.example/gomtl:1", Namespace: "ml", Volume: volume, Mount: "/runs"})
			if err != nil {
				t.Fatal(err)
			}
			kind, _, _ := strings.Cut(volume, ":")
			write(name+"-"+kind+".yaml", manifest)
		}
	}
	for _, version := range []string{"1.31", "1.34", "1.37"} { // podFailurePolicy is stable from the first on
		out, err := exec.Command(validate, append([]string{"--strict", "-k", version}, files...)...).CombinedOutput()
		if err != nil {
			t.Errorf("Kubernetes %s: %v\n%s", version, err, out)
		}
	}
	manifest, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{"completionMode": "completionmode", "completions: ": "completions: x"} {
		files = nil
		write("bad.yaml", []byte(strings.Replace(string(manifest), from, to, 1)))
		if out, err := exec.Command(validate, "--strict", "-k", "1.34", files[0]).CombinedOutput(); err == nil {
			t.Errorf("%s in place of %s is not refused: %s", to, from, out)
		}
	}
}

func TestToolsShell(t *testing.T) {
	check := tool(t, "shellcheck")
	strange := full
	strange.Command = append([]string{"gomtl"}, oddArguments...)
	for _, job := range []cluster.Job{full, bare, strange} {
		script, err := job.Slurm("/home/100% a $b 'c'")
		if err != nil {
			t.Fatal(err)
		}
		// SC2016 and SC1003 ask whether what stands in single quotes is meant so: it is.
		for _, c := range []*exec.Cmd{exec.Command("bash", "-n"), exec.Command(check, "--enable=all", "--exclude=SC2016,SC1003", "-")} {
			c.Stdin = strings.NewReader(string(script))
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("%q: %v\n%s\n%s", c.Args, err, out, script)
			}
		}
	}
}
