package backend

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gomtl/gomtl/internal/cache"
	"github.com/gomtl/gomtl/internal/wheel"
)

// library compiles a shared library that exports symbol.
func library(t testing.TB, symbol string) []byte {
	t.Helper()
	dir := t.TempDir()
	source, object := filepath.Join(dir, "l.c"), filepath.Join(dir, "l.so")
	if err := os.WriteFile(source, []byte("void *"+symbol+"(void) { return 0; }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", "-shared", "-fPIC", "-o", object, source).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	return read(t, object)
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func sum(data []byte) string {
	s := sha256.Sum256(data)
	return hex.EncodeToString(s[:])
}

// index is a package index with one wheel; its handlers can be replaced by tests.
type index struct {
	*httptest.Server
	archive   []byte
	downloads atomic.Int32
}

// newIndex makes an empty cache folder, pins a wheel with plugin in it, and serves the wheel as pip's simple API and, in place of
// the public index, as the JSON document with relative addresses. No other host can be reached.
func newIndex(t *testing.T, plugin []byte) *index {
	t.Helper()
	t.Setenv(cache.HomeEnv, t.TempDir())
	t.Setenv("GOMLX_BACKEND", "")
	t.Setenv(RequireXLAEnv, "")
	t.Setenv(UnpinnedEnv, "")
	t.Setenv("HOME", t.TempDir())

	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, data := range map[string][]byte{
		"p/pjrt_c_api_cpu_plugin.so": plugin, "p.dist-info/LICENSE": []byte("licence"), "p.dist-info/THIRD_PARTY_NOTICES": []byte("notices"),
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	x := &index{archive: archive.Bytes()}
	w := pluginWheel{
		Wheel:  wheel.Wheel{Package: "p", Version: "1", File: "p-1-py3-none-any.whl", SHA256: sum(x.archive)},
		Plugin: "pjrt_c_api_cpu_plugin.so", PluginSHA256: sum(plugin),
	}
	saved, had := wheels[platform]
	wheels[platform] = w
	t.Cleanup(func() {
		delete(wheels, platform)
		if had {
			wheels[platform] = saved
		}
	})

	mux := http.NewServeMux()
	mux.HandleFunc("/simple/p/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
		fmt.Fprint(w, `{"files": [{"filename": "p-1-py3-none-any.whl", "url": "../../files/p-1-py3-none-any.whl"}]}`)
	})
	mux.HandleFunc("/html/p/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<a href="../../files/p-0.whl#sha256=0">p-0.whl</a> <a data-x="1" href="../../files/p-1-py3-none-any.whl#sha256=00">p-1-py3-none-any.whl</a>`)
	})
	mux.HandleFunc("/empty/p/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html></html>") })
	mux.HandleFunc("/pypi/p/json", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"info": {"project_url": "https://%s/project/p/"}, "releases": {"1": [{"filename": "p-1-py3-none-any.whl", "url": "../../files/p-1-py3-none-any.whl"}]}}`,
			r.Host)
	})
	mux.HandleFunc("/files/p-1-py3-none-any.whl", func(w http.ResponseWriter, _ *http.Request) {
		x.downloads.Add(1)
		_, _ = w.Write(x.archive)
	})
	x.Server = httptest.NewServer(mux)
	t.Cleanup(x.Close)
	t.Setenv("PIP_INDEX_URL", x.URL+"/simple")

	local, err := url.Parse(x.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := http.DefaultTransport
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if strings.Contains(r.URL.Host, "github") {
			return nil, errors.New("no route to host")
		}
		r = r.Clone(r.Context())
		r.Host, r.URL.Host, r.URL.Scheme = r.URL.Host, local.Host, "http"
		return transport.RoundTrip(r)
	})
	t.Cleanup(func() { http.DefaultTransport = transport })
	return x
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func install(t *testing.T) string {
	t.Helper()
	path, err := Install(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInstallFromEveryKindOfIndex(t *testing.T) {
	plugin := library(t, "GetPjrtApi")
	for _, kind := range []string{"/simple", "/html", "/html/", "public"} {
		t.Run(strings.Trim(kind, "/"), func(t *testing.T) {
			x := newIndex(t, plugin)
			t.Setenv("PIP_INDEX_URL", x.URL+kind)
			if kind == "public" {
				t.Setenv("PIP_INDEX_URL", "")
			}
			path := install(t)
			if !bytes.Equal(read(t, path), plugin) {
				t.Error("the installed plugin is not the one in the wheel")
			}
			if got := string(read(t, filepath.Join(filepath.Dir(path), "LICENSE"))); got != "licence" {
				t.Errorf("licence: got %q", got)
			}
			plugins, err := Plugins()
			if err != nil || len(plugins) == 0 || plugins[0].Path != path {
				t.Errorf("Plugins: want %s first, got %v, %v", path, plugins, err)
			}
			// A second call works without a network.
			x.Close()
			if again := install(t); again != path {
				t.Errorf("installed twice: %s and %s", path, again)
			}
			left, err := filepath.Glob(filepath.Join(filepath.Dir(filepath.Dir(path)), cache.TempPrefix+"*"))
			if err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

func TestInstallRefuses(t *testing.T) {
	plugin := library(t, "GetPjrtApi")
	foreign := bytes.Clone(plugin)
	binary.LittleEndian.PutUint16(foreign[18:], 0x08) // e_machine: MIPS
	for _, test := range []struct {
		name, want string
		plugin     []byte
		change     func(x *index)
	}{
		{"wrong wheel", "is damaged or another file than the pinned one: want SHA-256", plugin, func(x *index) { x.archive = append(bytes.Clone(x.archive), 'x') }},
		{"truncated download", "is damaged or another file than the pinned one: want SHA-256", plugin, func(x *index) { x.archive = x.archive[:100] }},
		{"wrong plugin in the wheel", "pjrt_c_api_cpu_plugin.so in p-1-py3-none-any.whl: want SHA-256", plugin, func(*index) {
			w := wheels[platform]
			w.PluginSHA256 = strings.Repeat("0", 64)
			wheels[platform] = w
		}},
		{"file not listed", "has no file p-1-py3-none-any.whl", plugin, func(x *index) { os.Setenv("PIP_INDEX_URL", x.URL+"/empty") }},
		{"no such index", "404 Not Found", plugin, func(x *index) { os.Setenv("PIP_INDEX_URL", x.URL+"/nowhere") }},
		{"index down", "connection refused", plugin, func(x *index) { x.Close() }},
		{"truncated plugin", "truncated or no shared library", plugin[:len(plugin)/2], func(*index) {}},
		{"no library", "truncated or no shared library", []byte("<html>captive portal</html>"), func(*index) {}},
		{"other processor", "built for another machine", foreign, func(*index) {}},
		{"no PJRT plugin", "does not export GetPjrtApi", library(t, "Other"), func(*index) {}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.change(newIndex(t, test.plugin))
			_, err := Install(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
			if err == nil || !strings.Contains(err.Error(), UnpinnedEnv+"=1 takes") || strings.Contains(err.Error(), "no route") {
				t.Errorf("want it said how to ask for go-xla's release, and that not tried, got %v", err)
			}
			t.Setenv(UnpinnedEnv, "1")
			if _, err := Install(t.Context()); err == nil || !strings.Contains(err.Error(), "go-xla's release v0.114.0: ") {
				t.Errorf("want go-xla's release tried too, got %v", err)
			}
			paths, err := ownPlugins()
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range paths {
				if _, err := os.Stat(path); err == nil {
					t.Errorf("%s was installed all the same", path)
				}
			}
		})
	}
}

func TestInstallReplacesDamaged(t *testing.T) {
	plugin := library(t, "GetPjrtApi")
	for name, damage := range map[string]func(path string) error{
		"truncated":      func(path string) error { return os.Truncate(path, 1000) },
		"changed":        func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte{1}, len(plugin)), 0o600) },
		"another plugin": func(path string) error { return os.WriteFile(path, append(bytes.Clone(plugin), 0), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			x := newIndex(t, plugin)
			path := install(t)
			if err := damage(path); err != nil {
				t.Fatal(err)
			}
			if err := Check(path); err == nil {
				t.Fatal("the damage was not seen")
			}
			install(t)
			if n := x.downloads.Load(); n != 2 {
				t.Errorf("want 2 downloads, got %d", n)
			}
		})
	}
}

func TestInstallAtOnceDownloadsOnce(t *testing.T) {
	x := newIndex(t, library(t, "GetPjrtApi"))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := Install(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := x.downloads.Load(); n != 1 {
		t.Errorf("want 1 download, got %d", n)
	}
}

func TestInstallStopsWhenCancelled(t *testing.T) {
	x := newIndex(t, library(t, "GetPjrtApi"))
	stuck := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer stuck.Close()
	x.Server.Config.Handler = stuck.Config.Handler
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := Install(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("want the deadline's error, got %v", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("stopped after %v only", d)
	}
}
