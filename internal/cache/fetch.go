package cache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"time"

	"github.com/schollz/progressbar/v3"
)

// maxDownload is the most bytes that a file may have, above those of all that are pinned.
const maxDownload = 1 << 30

// Say writes one line about the set-up to standard error.
func Say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "gomtl: "+format+"\n", args...)
}

// Fetch downloads url to the file dst and returns an error, leaving no file, unless its SHA-256 is sum. It shows the file's
// name, size and progress: as a bar in a terminal, else in plain lines.
func Fetch(ctx context.Context, url, sum, dst string) (err error) {
	name := path.Base(dst)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("gomtl: downloading %s: %w", name, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("gomtl: downloading %s: %w", name, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("gomtl: downloading %s: %s answered %s", name, request.URL.Redacted(), response.Status)
	}
	file, err := os.Create(dst)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			os.Remove(dst)
		}
	}()
	hash := sha256.New()
	bar := progress(name, response.ContentLength)
	n, err := io.Copy(io.MultiWriter(file, hash, bar), io.LimitReader(response.Body, maxDownload+1))
	_ = bar.Close()
	if err == nil && n > maxDownload {
		err = fmt.Errorf("the server sends more than %s", Size(maxDownload))
	}
	if err != nil {
		return fmt.Errorf("gomtl: downloading %s: %w", name, err)
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
		return fmt.Errorf("gomtl: downloaded %s is damaged or another file than the pinned one: want SHA-256 %s, got %s", name, sum, got)
	}
	return nil
}

// progress starts the display of a download of size bytes (-1 when the server does not say).
func progress(name string, size int64) io.WriteCloser {
	if !InTerminal() {
		Say("downloading %s (%s)", name, Size(size))
		return nopCloser{io.Discard}
	}
	return progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(describe(name)),
		progressbar.OptionShowBytes(true),
		progressbar.OptionShowTotalBytes(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetWidth(24),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }),
	)
}

// Size writes a number of bytes the way people read it.
func Size(bytes int64) string {
	if bytes < 0 {
		return "size unknown"
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
