package setup

import (
	"context"
	"debug/buildinfo"
	"encoding/csv"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/tools"
)

// A program of another package, of another version or of other source does not pass for a pinned one.
func TestProgramsArePinned(t *testing.T) {
	dir := t.TempDir()
	l := layout{home: dir}
	step := l.goInstall("GoNB kernel", dir, gonbPackage)
	// The test's own program is a Go program with build information, and none that tools pins.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "gonb")); err != nil {
		t.Fatal(err)
	}
	if _, err := step.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "wanted the program "+gonbPackage+", got github.com/gomtl/gomtl/internal/setup.test") {
		t.Errorf("another program: error %v", err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	version, sum := "", ""
	for _, line := range strings.Split(string(tools.Sum), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == gonbPackage && !strings.HasSuffix(f[1], "/go.mod") {
			version, sum = f[1], f[2]
		}
	}
	for _, c := range []struct {
		path, version, sum string
		good               bool
	}{
		{gonbPackage, version, sum, true},
		{gonbPackage, "v0.11.4", sum, false},
		{gonbPackage, version, "h1:AAAA", false},
		{gonbPackage, version, "", false},
		{gonbPackage, "(devel)", "", false},
		{"github.com/other/gonb", version, sum, false},
	} {
		info.Path, info.Main.Path, info.Main.Version, info.Main.Sum = gonbPackage, c.path, c.version, c.sum
		if err := pinnedProgram(info, gonbPackage); (err == nil) != c.good {
			t.Errorf("%+v: error %v", c, err)
		}
	}
}

// record writes a package of two files with its list, as pip does.
func record(t *testing.T, site string) {
	t.Helper()
	info := filepath.Join(site, "p-1.dist-info")
	list, err := os.Create(filepath.Join(mkdir(t, info), "RECORD"))
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	writer := csv.NewWriter(list)
	for name, content := range map[string]string{"p/__init__.py": "x = 1\n", "../../../bin/p": "#!python\n"} {
		path := filepath.Join(site, name)
		if err := os.WriteFile(filepath.Join(mkdir(t, filepath.Dir(path)), filepath.Base(path)), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		digest, err := recordDigest(path)
		if err != nil {
			t.Fatal(err)
		}
		_ = writer.Write([]string{name, "sha256=" + digest, "1"})
	}
	_ = writer.Write([]string{"p-1.dist-info/RECORD", "", ""})
	if writer.Flush(); writer.Error() != nil {
		t.Fatal(writer.Error())
	}
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The doctor names what was changed, taken away or added among the Python packages.
func TestPackagesAreCompared(t *testing.T) {
	for want, change := range map[string]func(site string) error{
		"": func(string) error { return nil },
		"p/__init__.py": func(site string) error {
			return os.WriteFile(filepath.Join(site, "p", "__init__.py"), []byte("x = 2\n"), 0o644)
		},
		"bin/p":            func(site string) error { return os.Remove(filepath.Join(site, "../../../bin/p")) },
		"sitecustomize.py": func(site string) error { return os.WriteFile(filepath.Join(site, "sitecustomize.py"), nil, 0o644) },
		"no Python":        func(site string) error { return os.RemoveAll(filepath.Join(site, "p-1.dist-info")) },
		"RECORD": func(site string) error {
			return os.WriteFile(filepath.Join(site, "p-1.dist-info", "RECORD"), []byte("a,b\n"), 0o644)
		},
	} {
		l := layout{home: t.TempDir()}
		site := filepath.Join(l.venv(), "lib", "python3.12", "site-packages")
		record(t, site)
		compiled := mkdir(t, filepath.Join(site, "p", "__pycache__"))
		if err := errors.Join(os.WriteFile(filepath.Join(compiled, "x.pyc"), nil, 0o644), change(site)); err != nil {
			t.Fatal(err)
		}
		found, err := l.checkPackages(t.Context())
		if want == "" && (err != nil || found.Version != "3 files in 1 packages") {
			t.Errorf("untouched: %+v, %v", found, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := layout{home: t.TempDir()}
	record(t, filepath.Join(l.venv(), "lib", "python3.12", "site-packages"))
	if _, err := l.checkPackages(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: error %v", err)
	}
}

// A folder that others can write is said by the set-up, in a line, and by the doctor.
func TestOpenFolderIsSaid(t *testing.T) {
	if os.Getenv("GOMTL_TEST_OPEN") != "" {
		if err := Run(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		return
	}
	home := mkdir(t, filepath.Join(t.TempDir(), "home"))
	for mode, want := range map[os.FileMode]bool{0o777: true, 0o755: false} {
		if err := os.Chmod(home, mode); err != nil {
			t.Fatal(err)
		}
		for _, dir := range []string{home, filepath.Join(home, "not", "yet")} {
			cmd := exec.Command(os.Args[0], "-test.run=^TestOpenFolderIsSaid$")
			cmd.Env = append(os.Environ(), "GOMTL_TEST_OPEN=1", cache.HomeEnv+"="+dir)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if got := strings.Contains(string(out), "gomtl: warning: every user can change "+home+", of mode drwxrwxrwx"); got != want {
				t.Errorf("mode %v, folder %s: warned %v\n%s", mode, dir, got, out)
			}
			if _, err := (layout{home: dir}).checkHome(t.Context()); (err != nil) != want {
				t.Errorf("mode %v: the doctor says %v", mode, err)
			}
		}
	}
}

// Whatever a package's list of files and an executed notebook hold, they are read or refused.
func FuzzReaders(f *testing.F) {
	f.Add([]byte("p/__init__.py,sha256=AAAA,1\np-1.dist-info/RECORD,,\n"))
	f.Add([]byte(`{"cells":[{"outputs":[{"text":["a"]}]}]}`))
	f.Add([]byte("\"\n,,\n"))
	dir := f.TempDir()
	path := filepath.Join(dir, "RECORD")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = compareRecord(dir, path, map[string]bool{})
		_, _ = printed(path)
	})
}
