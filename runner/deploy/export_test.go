package deploy

import (
	"context"
	"os"
	"path/filepath"

	"mlops/runner/table"
)

// ReserveAndRename is what systems without renameat2 use.
var ReserveAndRename = reserveAndRename

// UnlessUnknown is what syncing a directory does with its error.
var UnlessUnknown = unlessUnknown

// Reseal writes the list of checksums anew, as somebody would who changes a
// deployment on purpose.
func Reseal(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	files, err := scanFiles(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, ChecksumsFile), formatChecksums(files), 0o666)
}

// PredictChunks is Predict in chunks of so many rows.
func (b *Bundle) PredictChunks(ctx context.Context, t *table.Table, rows int) (*Predictions, error) {
	p, err := b.predictChunks(ctx, t, rows)
	if err != nil {
		return nil, err
	}
	return newPredictions(p), nil
}
