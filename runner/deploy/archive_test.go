package deploy_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"

	"github.com/klauspost/compress/zstd"

	"mlops/runner/config"
	"mlops/runner/deploy"
)

// unpack returns the archive's headers after writing its files below dir.
func unpack(t testing.TB, archive, dir string) []*tar.Header {
	t.Helper()
	data, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	var headers []*tar.Header
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return headers
		}
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		target := filepath.Join(dir, h.Name)
		content, err := io.ReadAll(r)
		if err := errors.Join(err, os.MkdirAll(filepath.Dir(target), 0o777), os.WriteFile(target, content, fs.FileMode(h.Mode))); err != nil {
			t.Fatal(err)
		}
	}
}

// archived publishes a candidate and returns the deployment and its archive.
func archived(t testing.TB, c *deploy.Candidate, o deploy.Options, params ...any) (dir, archive string) {
	t.Helper()
	o.Config.Steps = standard(stepOf("archive", params...), stepOf("object_store", "url", "file://"+o.Parent+"-bucket"))
	o.Steps = steps(t, o.Config)
	p, err := deploy.Publish(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	return p.Dir, filepath.Join(p.Dir, p.Artifacts["archive"])
}

func TestAnArchiveIsADeploymentOnceUnpacked(t *testing.T) {
	c := candidate(t)
	dir, archive := archived(t, c, outside(t, t.TempDir()))
	if got := filepath.Base(archive); got != "deployment_20260301_123015.tar.zst" {
		t.Errorf("the archive is called %s", got)
	}
	unpacked := t.TempDir()
	var names []string
	for _, h := range unpack(t, archive, unpacked) {
		names = append(names, path.Base(h.Name))
		if path.Dir(h.Name) != "deployment_20260301_123015" || !h.ModTime.Equal(noon) || h.Uid != 0 || h.Uname != "" {
			t.Errorf("entry %+v", h)
		}
		if executable := h.Mode&0o111 != 0; executable != (path.Base(h.Name) == "predict.sh") {
			t.Errorf("%s has mode %o", h.Name, h.Mode)
		}
	}
	want := []string{"checksums.txt", "inference.json", "metadata.json", "model.txt", "predict.sh", "preprocessor.json", "schema.json"}
	if !slices.Equal(names, want) {
		t.Errorf("it holds %q, want %q", names, want)
	}
	b, err := deploy.Open(t.Context(), filepath.Join(unpacked, "deployment_20260301_123015"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.Predict(t.Context(), c.Validation)
	if err != nil || !slices.Equal(got.Values.Floats(), c.Expected.Values) {
		t.Errorf("it predicts %v, %v", got, err)
	}
	original, err := deploy.Open(t.Context(), dir)
	if err != nil || original.Metadata.Artifacts["archive"] != filepath.Base(archive) || original.Metadata.Artifacts["object_store"] == "" {
		t.Errorf("the deployment tells of %v, %v", original.Metadata.Artifacts, err)
	}
}

func TestTwoRunsOfOneDeploymentGiveTheSameArchive(t *testing.T) {
	run := func(attempt uint32, seconds float64, params ...any) []byte {
		o := outside(t, t.TempDir())
		o.Owner, o.WorkflowID = deploy.Owner{Task: "flow/0", Attempt: attempt}, "flow"
		c := candidate(t)
		c.Run.Timings, c.Run.PeakRSSBytes = map[string]float64{"train": seconds}, int64(attempt)<<20
		_, archive := archived(t, c, o, params...)
		data, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	first := run(1, 0.25)
	if second := run(2, 0.5); !bytes.Equal(first, second) {
		t.Error("the same deployment gave other bytes")
	}
	if packed := run(1, 0.25, "level", 19); bytes.Equal(first, packed) {
		t.Error("the level has no effect")
	}
	o := outside(t, t.TempDir())
	o.Config.DeploymentTime = "2020-01-02T03:04:05Z"
	_, archive := archived(t, candidate(t), o)
	if other, err := os.ReadFile(archive); err != nil || bytes.Equal(first, other) {
		t.Errorf("another time gave the same bytes: %v", err)
	}
}

func TestAnArchiveMayComeBeforeTheMetadata(t *testing.T) {
	o := outside(t, t.TempDir())
	list := standard()
	o.Config.Steps = slices.Insert(list, len(list)-1, config.Step{Type: "archive"})
	o.Steps = steps(t, o.Config)
	before, err := deploy.Publish(t.Context(), candidate(t), o)
	if err != nil {
		t.Fatal(err)
	}
	behind := outside(t, t.TempDir(), stepOf("archive"))
	after, err := deploy.Publish(t.Context(), candidate(t), behind)
	if err != nil {
		t.Fatal(err)
	}
	name := "deployment_20260301_123015.tar.zst"
	a, errA := os.ReadFile(filepath.Join(before.Dir, name))
	b, errB := os.ReadFile(filepath.Join(after.Dir, name))
	if err := errors.Join(errA, errB); err != nil || !bytes.Equal(a, b) {
		t.Errorf("the order of the list changes the archive: %v", err)
	}
}
