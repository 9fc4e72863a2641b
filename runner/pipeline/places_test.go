package pipeline_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"mlops/runner/pipeline"
	"mlops/runner/storage"
)

func TestDataMayLieInABucket(t *testing.T) {
	dir, env := environment(t)
	data, err := os.ReadFile(houses(t, dir, "houses.csv", 120))
	if err != nil {
		t.Fatal(err)
	}
	bucket := new(storage.Memory)
	env.Storage = storage.New(storage.Options{Base: dir, AllowedRoots: []string{dir}, Buckets: map[string]storage.OpenBucket{
		"memory": func(context.Context, string) (storage.Bucket, error) { return bucket, nil },
	}})
	if err := bucket.WriteAtomic(t.Context(), "in/houses.csv", func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		t.Fatal(err)
	}
	local := train(t, env, pipeline.TrainRequest{Data: "houses.csv", Config: settings(t, "")})
	remote := train(t, env, pipeline.TrainRequest{Data: "memory://b/in/houses.csv", Config: settings(t, "")})
	if local.DataFingerprint != remote.DataFingerprint || local.Metrics["rmse"] != remote.Metrics["rmse"] {
		t.Errorf("from the disk %+v, from the bucket %+v", local, remote)
	}
	request := pipeline.PredictRequest{Data: "memory://b/in/houses.csv", Model: local.Deployment.Dir, Output: "memory://b/out/p.csv"}
	if _, err := pipeline.Predict(t.Context(), request, env); err != nil {
		t.Fatal(err)
	}
	if _, err := bucket.Stat(t.Context(), "out/p.csv"); err != nil {
		t.Errorf("the output is not in the bucket: %v", err)
	}
}

func TestNamesMayHoldAnything(t *testing.T) {
	dir, env := environment(t)
	for _, name := range []string{"price, net", "a;b", "line\nbreak", `say "x"`, "größe", "a.b", "'", "日本", " y "} {
		quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		var b strings.Builder
		fmt.Fprintf(&b, "%s,label of %s\n", quoted, "it")
		for i := range 400 {
			fmt.Fprintf(&b, "%d,%d\n", i, i/200)
		}
		write(t, dir, "data.csv", b.String())
		model := train(t, env, pipeline.TrainRequest{Data: "data.csv", Config: settings(t, "")}).Deployment.Dir
		write(t, dir, "new.csv", quoted+"\n3\n398\n")
		r, err := pipeline.Predict(t.Context(), pipeline.PredictRequest{Data: "new.csv", Model: model, Output: "p.parquet", Proba: true}, env)
		if err != nil || !slices.Equal(r.Head, []string{"0", "1"}) {
			t.Errorf("column %q: %+v, %v", name, r, err)
		}
	}
}
