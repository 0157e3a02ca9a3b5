package wheel

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/gomlx/go-xla/installer"
)

// indexTimeout bounds the wait for a package index, so that a machine without network is told so soon.
const indexTimeout = 30 * time.Second

// maxPage is the most bytes that an index may answer with; long lists of files have a few million.
const maxPage = 64 << 20

// url asks a package index for the address of the wheel: the index that pip is told to use by PIP_INDEX_URL, else the public one.
func (w Wheel) url(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	type answer struct {
		releases []installer.PipReleaseInfo
		base     *url.URL
		err      error
	}
	done := make(chan answer, 1)
	go func() { // go-xla's look-up takes no context
		var a answer
		if index := os.Getenv("PIP_INDEX_URL"); index != "" {
			a.releases, a.base, a.err = simpleIndex(ctx, index, w.Package)
		} else {
			a.releases, a.base, a.err = publicIndex(w)
		}
		done <- a
	}()
	var a answer
	select {
	case <-ctx.Done():
		return "", fmt.Errorf("wheel: the package index did not answer about %s: %w", w.Package, ctx.Err())
	case a = <-done:
	}
	if a.err != nil {
		return "", fmt.Errorf("wheel: looking up %s %s: %w", w.Package, w.Version, a.err)
	}
	release, err := installer.PipSelectRelease(a.releases, regexp.MustCompile("^"+regexp.QuoteMeta(w.File)+"$"), true)
	if err != nil {
		return "", fmt.Errorf("wheel: the package index has no file %s: %w", w.File, err)
	}
	address, err := a.base.Parse(release.URL)
	if err != nil {
		return "", fmt.Errorf("wheel: the package index gives a bad address for %s: %w", w.File, err)
	}
	return address.String(), nil
}

// publicIndex returns the files of the wheel's version and the address of the document that lists them, because a mirror of
// the public index may answer with relative file addresses.
func publicIndex(w Wheel) ([]installer.PipReleaseInfo, *url.URL, error) {
	info, err := installer.GetPipInfo(w.Package)
	if err != nil {
		return nil, nil, err
	}
	project, err := url.Parse(info.Info.ProjectURL)
	if err != nil {
		return nil, nil, err
	}
	// The document lies on the same host as the project's page, at the path that GetPipInfo asks for.
	return info.Releases[w.Version], project.ResolveReference(&url.URL{Path: "/pypi/" + w.Package + "/json"}), nil
}

// simpleIndex reads the files of a package from an index that speaks pip's simple API, as JSON (PEP 691) or HTML (PEP 503).
func simpleIndex(ctx context.Context, index, name string) ([]installer.PipReleaseInfo, *url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(index, "/")+"/"+name+"/", nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", "application/vnd.pypi.simple.v1+json, text/html;q=0.5")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxPage+1)) // after unpacking, where the answer is compressed
	if err != nil {
		return nil, nil, err
	}
	if len(body) > maxPage {
		return nil, nil, fmt.Errorf("%s answered with more than %d bytes", request.URL.Redacted(), maxPage)
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %s", request.URL.Redacted(), response.Status)
	}
	base := response.Request.URL // after redirects
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); strings.HasSuffix(kind, "json") {
		var page struct{ Files []installer.PipReleaseInfo }
		err := json.Unmarshal(body, &page)
		return page.Files, base, err
	}
	var files []installer.PipReleaseInfo
	for _, match := range anchor.FindAllStringSubmatch(string(body), -1) {
		files = append(files, installer.PipReleaseInfo{URL: match[1], Filename: strings.TrimSpace(match[2])})
	}
	return files, base, nil
}

var anchor = regexp.MustCompile(`<a\s[^>]*href="([^"#]*)[^>]*>([^<]*)</a>`)
