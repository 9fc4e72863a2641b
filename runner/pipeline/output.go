package pipeline

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"mlops/runner/deploy"
	"mlops/runner/table"
)

// outputFormats are the forms that predictions are written in.
var outputFormats = []table.Format{table.JSON, table.CSV, table.Parquet}

// outputFormat tells the form by a name's ending, or by its own name.
func outputFormat(location, name string) (table.Format, error) {
	format := table.Format(name)
	if name == "" {
		var err error
		if format, err = table.FormatOf(location); err != nil {
			return "", fmt.Errorf("output %s: predictions are written to a file that ends in .json, .csv or .parquet", location)
		}
	}
	if !slices.Contains(outputFormats, format) {
		return "", fmt.Errorf("output format %q: predictions are written as json, csv or parquet", format)
	}
	return format, nil
}

// writePredictions writes predictions, with probabilities if asked.
func writePredictions(w io.Writer, format table.Format, p *deploy.Predictions, proba bool) error {
	proba = proba && p.Proba != nil
	if format == table.JSON {
		return writePredictionsJSON(w, p, proba)
	}
	columns := []*table.Column{p.Values}
	if proba {
		for k, class := range p.Classes {
			values := make([]float64, p.Len())
			for i := range values {
				values[i] = p.Proba[i*len(p.Classes)+k]
			}
			columns = append(columns, table.NewFloat64("probability_"+class, values, nil))
		}
	}
	t, err := table.New(columns...)
	if err != nil {
		return err
	}
	return table.Write(w, t, table.WriteOptions{Format: format})
}

// writePredictionsJSON writes {"predictions": […]} row by row, and with
// probabilities also {"classes": […], "probabilities": [{label: p}, …]}.
func writePredictionsJSON(w io.Writer, p *deploy.Predictions, proba bool) error {
	b := bufio.NewWriterSize(w, 1<<16)
	b.WriteString(`{"predictions": [`)
	var cell []byte
	for i := range p.Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		var err error
		if cell, err = appendCell(cell[:0], p.Values, i); err != nil {
			return fmt.Errorf("row %d: the prediction %w", i+1, err)
		}
		b.Write(cell)
	}
	b.WriteString("]")
	if proba {
		if err := writeProbabilities(b, p); err != nil {
			return err
		}
	}
	b.WriteString("}\n")
	return b.Flush() // which returns the first error of the writes before
}

func writeProbabilities(b *bufio.Writer, p *deploy.Predictions) error {
	labels := make([]string, len(p.Classes))
	for k, class := range p.Classes {
		label, err := json.Marshal(class)
		if err != nil {
			return err
		}
		labels[k] = string(label)
	}
	fmt.Fprintf(b, ",\n\"classes\": [%s],\n\"probabilities\": [", strings.Join(labels, ", "))
	var row []byte
	for i := range p.Len() {
		row = row[:0]
		if i > 0 {
			row = append(row, ", "...)
		}
		row = append(row, '{')
		for k, label := range labels {
			if k > 0 {
				row = append(row, ", "...)
			}
			row = append(append(row, label...), ": "...)
			var err error
			if row, err = appendNumber(row, p.Proba[i*len(labels)+k]); err != nil {
				return fmt.Errorf("row %d: the probability of %s %w", i+1, label, err)
			}
		}
		b.Write(append(row, '}'))
	}
	b.WriteString("]")
	return nil
}

// appendCell writes a label in its own type.
func appendCell(b []byte, c *table.Column, i int) ([]byte, error) {
	switch {
	case c.IsNull(i):
		return append(b, "null"...), nil
	case c.Kind() == table.Float64:
		return appendNumber(b, c.Floats()[i])
	case c.Kind() == table.Int64:
		return strconv.AppendInt(b, c.Ints()[i], 10), nil
	case c.Kind() == table.Bool:
		return strconv.AppendBool(b, c.Bools()[i]), nil
	}
	text, err := json.Marshal(c.Text(i))
	return append(b, text...), err
}

// appendNumber writes a number as encoding/json does, with an exponent only where
// it is very small or very large.
func appendNumber(b []byte, v float64) ([]byte, error) {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return b, fmt.Errorf("is %v, which JSON cannot hold; write .csv or .parquet", v)
	}
	form := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		form = 'e'
	}
	return strconv.AppendFloat(b, v, form, -1, 64), nil
}
