package deploy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"mlops/runner/preprocess"
	"mlops/runner/table"
	"mlops/runner/training"
)

// Bundle is an opened deployment, checked and ready to predict. It is immutable
// and safe for concurrent use.
type Bundle struct {
	Dir       string
	Inference Inference
	Metadata  Metadata
	Files     []FileInfo

	fitted *preprocess.Fitted
	model  training.Model
}

// NotDeploymentError says that a directory holds no deployment.
type NotDeploymentError struct {
	Dir  string
	Near string // the newest deployment directly within it; "" if none
}

// Error offers the deployment that may have been meant.
func (e *NotDeploymentError) Error() string {
	text := fmt.Sprintf("%s is no deployment: it has neither %s nor %s", e.Dir, InferenceFile, ChecksumsFile)
	if e.Near != "" {
		text += fmt.Sprintf("; did you mean %s?", filepath.Join(e.Dir, e.Near))
	}
	return text
}

// Open opens the deployment in a directory. What is not exactly as it was
// published gives a [*TamperedError] that names the file; a directory that never
// was a deployment a [*NotDeploymentError].
func Open(ctx context.Context, dir string) (*Bundle, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open deployment: %w", err)
	}
	defer root.Close()
	if err := checkDeployment(root, dir); err != nil {
		return nil, err
	}
	inference, err := readInference(root)
	if err != nil {
		return nil, tampered(dir, InferenceFile, err)
	}
	needed := []string{InferenceFile, inference.MetadataFile, inference.Preprocessor, inference.SchemaFile, inference.ModelFile}
	contents, files, err := verify(ctx, root, dir, func(name string) bool { return slices.Contains(needed, name) })
	if err != nil {
		return nil, err
	}
	for _, name := range needed {
		if _, ok := contents[name]; !ok {
			return nil, &TamperedError{Dir: dir, File: name, Problem: "is not in the list of checksums"}
		}
	}
	b := &Bundle{Dir: dir, Files: files}
	if err := b.load(contents); err != nil {
		return nil, err
	}
	return b, nil
}

// load makes the bundle of files whose checksums hold. What cannot be read all
// the same was written by another version of the program, or is no deployment of
// ours.
func (b *Bundle) load(contents map[string][]byte) (err error) {
	broken := func(file string, err error) error {
		return fmt.Errorf("deployment %s: %s, whose checksum holds, cannot be used by this program: %w", b.Dir, file, err)
	}
	if b.Inference, err = parseInference(contents[InferenceFile]); err != nil {
		return broken(InferenceFile, err)
	}
	names := b.Inference
	if b.Metadata, err = parseDocument[Metadata](contents[names.MetadataFile], metadataFormat); err != nil {
		return broken(names.MetadataFile, err)
	}
	schema, err := parseDocument[schemaDocument](contents[names.SchemaFile], schemaFormat)
	if err != nil {
		return broken(names.SchemaFile, err)
	}
	if b.fitted, err = preprocess.LoadFitted(contents[names.Preprocessor]); err != nil {
		return broken(names.Preprocessor, err)
	}
	if !slices.Equal(schema.Schema.Names(), b.fitted.Schema().Names()) || !maps.Equal(schema.Schema.Types(), b.fitted.Schema().Types()) {
		return broken(names.SchemaFile, fmt.Errorf("it names other columns than %s", names.Preprocessor))
	}
	if b.model, err = training.Load(names.Model, bytes.NewReader(contents[names.ModelFile])); err != nil {
		return broken(names.ModelFile, err)
	}
	return nil
}

// ReadFile reads one of the deployment's files, of at most limit bytes, whose
// checksum holds. The error is one of fs.ErrNotExist where the deployment has no
// such file, and a [*TamperedError] where it is not as it was published.
func (b *Bundle) ReadFile(name string, limit int64) ([]byte, error) {
	i := slices.IndexFunc(b.Files, func(f FileInfo) bool { return f.Path == name })
	switch {
	case i < 0:
		return nil, fmt.Errorf("deployment %s has no %s: %w", b.Dir, name, fs.ErrNotExist)
	case b.Files[i].Size > limit:
		return nil, fmt.Errorf("deployment %s: %s has %d bytes, more than %d", b.Dir, name, b.Files[i].Size, limit)
	}
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return nil, fmt.Errorf("read %s of the deployment: %w", name, err)
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &TamperedError{Dir: b.Dir, File: name, Problem: "is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s of the deployment: %w", name, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, b.Files[i].Size+1))
	if err != nil {
		return nil, fmt.Errorf("read %s of the deployment: %w", name, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != b.Files[i].SHA256 {
		return nil, &TamperedError{Dir: b.Dir, File: name, Problem: "does not match its checksum"}
	}
	return data, nil
}

// Columns returns the raw columns that a prediction needs, in training's order.
func (b *Bundle) Columns() []string { return b.fitted.Schema().Names() }

// Types returns the kinds to read those columns as, so that a cell that does not
// fit is told by its row and column. A model takes a fraction where training saw
// whole numbers only, so those are read as numbers.
func (b *Bundle) Types() map[string]table.Kind {
	types := b.fitted.Schema().Types()
	for name, kind := range types {
		if kind == table.Int64 {
			types[name] = table.Float64
		}
	}
	return types
}

// StartColumns are the columns of raw scores that the model was trained from. A
// prediction starts from them where the table has them, and else from 0.
func (b *Bundle) StartColumns() []string { return b.model.Info().InitScore }

// Model is the trained model, of preprocessed features.
func (b *Bundle) Model() training.Model { return b.model }

// Preprocessor is the fitted preprocessing.
func (b *Bundle) Preprocessor() *preprocess.Fitted { return b.fitted }

// Predict scores every row of a raw table. Columns that it does not need, the
// target among them, are ignored; one that it lacks gives a
// [*table.MissingColumnError]. [Bundle.StartColumns] may be lacking.
func (b *Bundle) Predict(ctx context.Context, t *table.Table) (*Predictions, error) {
	p, err := b.predict(ctx, t)
	if err != nil {
		return nil, err
	}
	return newPredictions(p), nil
}

// chunkCells bounds the features that exist at a time while rows are scored, 32
// MiB of them.
const chunkCells = 4 << 20

// predict scores rows in chunks, whose features are forgotten one after another:
// a table may have more features than fit into memory.
func (b *Bundle) predict(ctx context.Context, t *table.Table) (*training.Prediction, error) {
	if !training.Independent(b.model) {
		return b.predictRows(ctx, t, 0, t.NumRows())
	}
	return b.predictChunks(ctx, t, max(1, chunkCells/max(1, len(b.fitted.Outputs()))))
}

func (b *Bundle) predictChunks(ctx context.Context, t *table.Table, rows int) (*training.Prediction, error) {
	all, err := b.predictRows(ctx, t, 0, min(rows, t.NumRows()))
	for lo := rows; lo < t.NumRows() && err == nil; lo += rows {
		var part *training.Prediction
		if part, err = b.predictRows(ctx, t, lo, min(lo+rows, t.NumRows())); err == nil {
			all.Values = append(all.Values, part.Values...)
			all.Class = append(all.Class, part.Class...)
			all.Proba = append(all.Proba, part.Proba...)
		}
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// predictRows scores rows [lo, hi).
func (b *Bundle) predictRows(ctx context.Context, t *table.Table, lo, hi int) (*training.Prediction, error) {
	features, err := b.fitted.TransformRows(ctx, t, lo, hi)
	if err != nil {
		return nil, err
	}
	p, err := training.Predict(ctx, b.model, features, t.Slice(lo, hi))
	var fault *training.DataError
	if errors.As(err, &fault) && fault.Row > 0 {
		fault.Row += lo
	}
	return p, err
}

// checkDeployment tells a directory that is none.
func checkDeployment(root *os.Root, dir string) error {
	for _, name := range []string{InferenceFile, ChecksumsFile} {
		if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	e := &NotDeploymentError{Dir: dir}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("open deployment: %w", err)
	}
	for _, entry := range entries {
		_, err := root.Lstat(entry.Name() + "/" + InferenceFile)
		if err == nil && !strings.HasPrefix(entry.Name(), ".") {
			e.Near = entry.Name()
		}
	}
	return e
}

// readInference reads the document that tells which files there are. Its
// checksum is verified with the others'.
func readInference(root *os.Root) (Inference, error) {
	data, err := readBounded(root, InferenceFile, maxNamesBytes)
	if err != nil {
		return Inference{}, err
	}
	return parseInference(data)
}

// readOrigin reads which task published the deployment in a directory, without
// checking it.
func readOrigin(dir string) (Metadata, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Metadata{}, err
	}
	defer root.Close()
	inference, err := readInference(root)
	if err != nil {
		return Metadata{}, err
	}
	data, err := readBounded(root, inference.MetadataFile, maxNamesBytes)
	if err != nil {
		return Metadata{}, err
	}
	return parseDocument[Metadata](data, metadataFormat)
}
