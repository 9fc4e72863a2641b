package table

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func readText(t testing.TB, format Format, text string, opts ReadOptions) (*Table, error) {
	t.Helper()
	opts.Format = format
	if opts.Name == "" {
		opts.Name = "data." + string(format)
	}
	return Read(context.Background(), strings.NewReader(text), int64(len(text)), opts)
}

func TestReadsRealData(t *testing.T) {
	root := os.Getenv("MLOPS_SHARED_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	path := filepath.Join(root, "tabular", "higgs_small_train.csv")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the shared data are not here: %v", err)
	}
	got, err := ReadFile(context.Background(), path, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.NumRows() != 7000 || got.NumColumns() != 29 {
		t.Fatalf("%d rows and %d columns, want 7000 and 29", got.NumRows(), got.NumColumns())
	}
	if kind := got.Column("label").Kind(); kind != Int64 {
		t.Errorf("label is %s, want int64", kind)
	}
	if f := got.Column("f0").Floats(); f[0] != 0.869 {
		t.Errorf("f0 begins with %v, want 0.869", f[0])
	}
}
