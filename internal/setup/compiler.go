package setup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/gomtl/gomtl/backend"
	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/wheel"
)

// zigs holds the Zig tool chain of each platform. Its C compiler needs no root and no other package: it serves where a machine
// has none, because Go reaches a PJRT plugin through C.
var zigs = map[string]wheel.Wheel{
	"linux_amd64": {
		Package: "ziglang", Version: "0.17.1",
		File:   "ziglang-0.17.1-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.musllinux_1_1_x86_64.whl",
		SHA256: "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54",
	},
	"linux_arm64": {
		Package: "ziglang", Version: "0.17.1",
		File:   "ziglang-0.17.1-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64.whl",
		SHA256: "b7c5f02fccd40f89b999ee16a1f5ddced56e6182370f8affe494bcf8a28cf07e",
	},
}

const (
	ccEnv       = "CC"
	cgoEnv      = "CGO_ENABLED"
	zigCacheEnv = "ZIG_GLOBAL_CACHE_DIR"
)

func (l layout) zigDir() string { return filepath.Join(l.home, "zig-0.17.1") }

// ownCompiler returns the environment in which Go uses the compiler that gomtl installed, nil when there is none.
func (l layout) ownCompiler() map[string]string {
	zig := filepath.Join(l.zigDir(), "zig")
	if _, err := os.Stat(zig); err != nil {
		return nil
	}
	return map[string]string{ccEnv: zig + " cc", cgoEnv: "1", zigCacheEnv: filepath.Join(l.home, "zig-cache")}
}

// compilerStep looks for a C compiler and installs Zig's where there is none.
func (l layout) compilerStep() Step {
	return Step{
		Name:     "C compiler",
		Optional: true,
		Check: func(ctx context.Context) (Found, error) {
			out, err := output(command(ctx, "go", "env", ccEnv, cgoEnv))
			if err != nil {
				return Found{}, err
			}
			cc, enabled, _ := strings.Cut(out, "\n")
			if enabled != "1" {
				return Found{}, errors.New("there is none on the PATH, or CGO_ENABLED=0 forbids its use: notebooks run on the slow pure-Go backend")
			}
			path, err := exec.LookPath(strings.Fields(cc)[0])
			return Found{Path: path, Version: cc}, err
		},
		Do: func(ctx context.Context) error {
			zig, ok := zigs[runtime.GOOS+"_"+runtime.GOARCH]
			if !ok || os.Getenv(cgoEnv) == "0" {
				return errors.New("install gcc or clang, and leave CGO_ENABLED unset")
			}
			work, err := os.MkdirTemp(l.home, cache.TempPrefix)
			if err != nil {
				return err
			}
			defer os.RemoveAll(work)
			archive, dir := filepath.Join(work, zig.File), filepath.Join(work, "zig")
			if err := zig.Fetch(ctx, archive); err != nil {
				return err
			}
			cache.Say("unpacking the compiler")
			if err := zig.ExtractDir(archive, "ziglang", dir); err != nil {
				return err
			}
			if err := errors.Join(os.RemoveAll(l.zigDir()), os.Rename(dir, l.zigDir())); err != nil {
				return err
			}
			return useCompiler(l)
		},
	}
}

// useCompiler makes gomtl's own compiler that of the Go commands that this process starts.
func useCompiler(l layout) error {
	var err error
	for name, value := range l.ownCompiler() {
		err = errors.Join(err, os.Setenv(name, value))
	}
	return err
}

// UseCompiler makes gomtl's own C compiler, where it is installed and not forbidden, known to the Go commands that this process starts.
func UseCompiler() error {
	l, err := newLayout()
	if err != nil || os.Getenv(cgoEnv) == "0" {
		return err
	}
	return useCompiler(l)
}

// Prepare makes gomtl's own C compiler, where it is installed, known to this process. A program that Go built without a
// compiler it replaces by one built with it, and does not return.
func Prepare() error {
	l, err := newLayout()
	if err != nil {
		return err
	}
	if l.ownCompiler() == nil || os.Getenv(cgoEnv) == "0" {
		return nil
	}
	if err := useCompiler(l); err != nil || backend.SupportsXLA {
		return err
	}
	goCommand, err := exec.LookPath("go")
	if err != nil {
		return err
	}
	args := append([]string{goCommand, "run", "github.com/gomtl/gomtl/cmd/gomtl"}, os.Args[1:]...)
	return fmt.Errorf("gomtl: starting again with a C compiler: %w", syscall.Exec(goCommand, args, os.Environ()))
}
