package artifacts_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"mlops/proto/artifacts"
)

func TestADirectoryTravels(t *testing.T) {
	m, client := start(t)
	dir := filepath.Join(t.TempDir(), "deployment_20260101_120000")
	write(t, filepath.Join(dir, "model.txt"), []byte("tree"))
	write(t, filepath.Join(dir, "logs", "history.json"), []byte("[]"))
	url, err := client.UploadDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(url, "/deployment_20260101_120000.tar") {
		t.Errorf("URL is %s", url)
	}
	cache := t.TempDir()
	m.breakDownloads, m.chunk = 2, 1000
	fetched, err := client.Fetch(t.Context(), url, cache)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(fetched) != "deployment_20260101_120000" {
		t.Errorf("fetched as %s", fetched)
	}
	if got := string(read(t, filepath.Join(fetched, "logs", "history.json"))); got != "[]" {
		t.Errorf("logs/history.json holds %q", got)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*.partial"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestABadArchiveLeavesNothing(t *testing.T) {
	m, client := start(t)
	cache := t.TempDir()
	url := m.put([]byte("not an archive, though named like one"), "model.tar")
	if path, err := client.Fetch(t.Context(), url, cache); err == nil {
		t.Errorf("fetched as %s", path)
	}
	left, err := filepath.Glob(filepath.Join(cache, "*", "directory", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %v (%v)", left, err)
	}
}

func TestADirectoryIsNotUploadedAsAFile(t *testing.T) {
	_, client := start(t)
	if _, err := client.Upload(t.Context(), t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("error is %v", err)
	}
	if _, err := client.UploadDir(t.Context(), filepath.Join(t.TempDir(), "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v", err)
	}
}

func TestParseURL(t *testing.T) {
	digest := strings.Repeat("0a", 32)
	for _, name := range []string{"data.csv", "model.tar", "a-b_c.1"} {
		gotDigest, gotName, err := artifacts.ParseURL("artifact://" + digest + "/" + name)
		if err != nil || gotDigest != digest || gotName != name {
			t.Errorf("%s: %s %s %v", name, gotDigest, gotName, err)
		}
	}
	for _, bad := range []string{
		"", "/etc/passwd", "http://x/y", "artifact://", "artifact://" + digest, "artifact://" + digest + "/",
		"artifact://" + digest[1:] + "/a", "artifact://" + strings.ToUpper(digest) + "/a", "artifact://" + digest + "/../a",
		"artifact://" + digest + "/.hidden", "artifact://" + digest + "/a/b", "artifact://" + digest + "/a b",
		"artifact://" + digest + "/" + strings.Repeat("a", artifacts.MaxNameBytes+1),
	} {
		if _, _, err := artifacts.ParseURL(bad); err == nil {
			t.Errorf("%q was taken for an artifact's URL", bad)
		}
	}
}

func FuzzParseURL(f *testing.F) {
	digest := strings.Repeat("0a", 32)
	f.Add("artifact://"+digest+"/data.csv", "my data.csv")
	f.Add("artifact://"+digest+"/..", "..")
	f.Add("artifact:///etc/passwd", "../../etc/passwd")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, url, name string) {
		if digest, name, err := artifacts.ParseURL(url); err == nil {
			if artifacts.FormatURL(digest, name) != url {
				t.Errorf("%q parses to another URL", url)
			}
			if !filepath.IsLocal(filepath.Join(digest, name)) || filepath.Base(name) != name {
				t.Errorf("%q gives the name %q", url, name)
			}
		}
		formatted := artifacts.FormatURL(digest, name)
		if _, _, err := artifacts.ParseURL(formatted); err != nil {
			t.Errorf("the name %q gives %v", name, err)
		}
	})
}
