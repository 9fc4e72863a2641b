package program

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"syscall"

	"mlops/runner/table"
)

// Bounds of what a program leaves behind.
const (
	maxMetricsBytes = 1 << 20
	// A cell of predictions takes at most maxCellText bytes of text.
	maxCellText  = 64
	maxBaseBytes = 1 << 20
)

const (
	predictionColumn = "prediction"
	probaPrefix      = "proba_"
)

// maxProbaError is how far a row's probabilities may be from adding up to 1.
const maxProbaError = 1e-4

// Predictions are what a program says of rows: Values of a regression, or of a
// classification Proba, rows × classes row by row, each row adding up to 1.
type Predictions struct {
	Values []float64
	Proba  []float64
}

// Predictions reads and checks what "predict" wrote about so many rows. classes
// is 0 for a regression. What does not keep to the contract gives an [*Error].
func (f *Folder) Predictions(ctx context.Context, format Format, rows, classes int) (*Predictions, error) {
	name := predictedName + "." + string(format)
	fault := func(format string, args ...any) error {
		return &Error{Verb: "predict", Kind: Fault, Problem: fmt.Sprintf(format, args...)}
	}
	limit := maxBaseBytes + int64(rows)*int64(max(classes, 1)+1)*maxCellText
	file, size, err := f.open(name, limit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault("wrote no %s", name)
	}
	if err != nil {
		return nil, fault("wrote a file that cannot be used: %s %v", name, err)
	}
	defer file.Close()
	types := map[string]table.Kind{predictionColumn: table.Float64}
	for k := range classes {
		types[probaPrefix+strconv.Itoa(k)] = table.Float64
	}
	t, err := table.Read(ctx, file, size, table.ReadOptions{
		Name: name, Format: table.Format(format), Types: types, MaxRows: int64(rows) + 1, MaxColumns: classes + 64, MaxCellBytes: maxBaseBytes,
	})
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	if err != nil {
		return nil, fault("wrote predictions that cannot be read: %v", err)
	}
	if t.NumRows() != rows {
		return nil, fault("wrote %d predictions in %s for %d rows", t.NumRows(), name, rows)
	}
	out, err := readPredictions(t, classes)
	if err != nil {
		return nil, fault("wrote predictions that cannot be used: %s, %v", name, err)
	}
	return out, nil
}

// readPredictions takes the columns of predictions.
func readPredictions(t *table.Table, classes int) (*Predictions, error) {
	if classes > 0 && t.Has(probaPrefix+"0") {
		return readProba(t, classes)
	}
	values, err := numbers(t, predictionColumn)
	if err != nil || classes == 0 {
		return &Predictions{Values: values}, err
	}
	out := &Predictions{Proba: make([]float64, len(values)*classes)}
	for i, v := range values {
		if v != math.Trunc(v) || v < 0 || v >= float64(classes) {
			return nil, fmt.Errorf("row %d, column %q: %v is no index of a class, 0 to %d", i+1, predictionColumn, v, classes-1)
		}
		out.Proba[i*classes+int(v)] = 1
	}
	return out, nil
}

func readProba(t *table.Table, classes int) (*Predictions, error) {
	columns := make([][]float64, classes)
	for k := range columns {
		var err error
		if columns[k], err = numbers(t, probaPrefix+strconv.Itoa(k)); err != nil {
			return nil, err
		}
	}
	out := &Predictions{Proba: make([]float64, 0, t.NumRows()*classes)}
	for row := range t.NumRows() {
		sum := 0.0
		for k, c := range columns {
			if c[row] < 0 || c[row] > 1 {
				return nil, fmt.Errorf("row %d, column %q: %v is no probability", row+1, probaPrefix+strconv.Itoa(k), c[row])
			}
			sum += c[row]
		}
		if math.Abs(sum-1) > maxProbaError {
			return nil, fmt.Errorf("row %d: the probabilities add up to %v, not 1", row+1, sum)
		}
		for _, c := range columns {
			out.Proba = append(out.Proba, c[row]/sum)
		}
	}
	return out, nil
}

// numbers gives a column of finite numbers.
func numbers(t *table.Table, name string) ([]float64, error) {
	c := t.Column(name)
	if c == nil {
		return nil, &table.MissingColumnError{Name: name, Have: t.Names()}
	}
	values, err := c.AsFloats()
	if err != nil {
		return nil, err
	}
	for i, v := range values {
		if c.IsNull(i) || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("row %d, column %q: there is no finite number", i+1, name)
		}
	}
	return values, nil
}

// Metrics reads and checks what "evaluate" wrote: one JSON object of numbers.
func (f *Folder) Metrics() (map[string]float64, error) {
	fault := func(format string, args ...any) error {
		return &Error{Verb: "evaluate", Kind: Fault, Problem: fmt.Sprintf(format, args...)}
	}
	file, _, err := f.open(metricsFile, maxMetricsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault("wrote no %s", metricsFile)
	}
	if err != nil {
		return nil, fault("wrote a file that cannot be used: %s %v", metricsFile, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxMetricsBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", metricsFile, err)
	}
	var metrics map[string]*float64
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&metrics); err != nil {
		return nil, fault("wrote a %s that is no JSON object of numbers: %v", metricsFile, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, fault("wrote a %s with something behind its end", metricsFile)
	}
	if len(metrics) > maxMetrics {
		return nil, fault("wrote %d metrics; at most %d are kept", len(metrics), maxMetrics)
	}
	out := make(map[string]float64, len(metrics))
	for name, v := range metrics {
		if name == "" || v == nil || name != cleanLine(name) || len(name) > 128 {
			return nil, fault("wrote a %s in which %q is no name of a metric with a number", metricsFile, cleanLine(name))
		}
		out[name] = *v
	}
	return out, nil
}

// open opens a regular file of the folder of at most limit bytes.
func (f *Folder) open(name string, limit int64) (*os.File, int64, error) {
	file, size, err := openRegular(f.root, name)
	if err == nil && size > limit {
		file.Close()
		return nil, 0, fmt.Errorf("has %d bytes, more than %d", size, limit)
	}
	return file, size, err
}

// openRegular opens what is a file and no link, and waits for no pipe.
func openRegular(root *os.Root, name string) (*os.File, int64, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, 0, err
	}
	irregular := errors.New("is no regular file")
	if !info.Mode().IsRegular() {
		return nil, 0, irregular
	}
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = irregular
	}
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}
