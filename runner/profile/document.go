package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

var documentHeader = strictjson.Header{Format: "mlops-profile", FormatVersion: 1}

// How much of a column a document keeps.
const (
	storedPoints     = 512
	storedCategories = 256
)

// Limits of what is read.
const (
	maxRows           = 1 << 50
	maxColumns        = 1_000_000
	maxDocumentPoints = 1 << 20 // of one column
)

type document struct {
	strictjson.Header
	Rows        int64            `json:"rows"`
	Columns     []columnDocument `json:"columns"`
	Predictions *columnDocument  `json:"predictions,omitempty"`
}

type columnDocument struct {
	Name       string            `json:"name"`
	Kind       string            `json:"kind"`
	Count      int64             `json:"count"`
	Missing    int64             `json:"missing"`
	Numbers    *numbersDocument  `json:"numbers,omitempty"`
	Categories *categoryDocument `json:"categories,omitempty"`
}

type numbersDocument struct {
	Finite int64          `json:"finite"`
	Mean   float64        `json:"mean"`
	Std    float64        `json:"std"`
	Min    float64        `json:"min"`
	Max    float64        `json:"max"`
	Sketch sketchDocument `json:"sketch"`
}

type sketchDocument struct {
	K      int         `json:"k"`
	Over   int64       `json:"over"`   // estimated ranks are at most so much too large
	Under  int64       `json:"under"`  // and so much too small
	Levels [][]float64 `json:"levels"` // values of weight 1, 2, 4, …
}

type categoryDocument struct {
	Lost   int64      `json:"lost"` // counts are at most so much too small
	Values []Category `json:"values"`
}

// MarshalJSON writes the profile's document. It keeps at most 512 points of a
// column of numbers and 256 categories of any other.
func (p *Profile) MarshalJSON() ([]byte, error) { return p.Encode(storedPoints, storedCategories) }

// Encode writes the profile's document with at most so many points of a column of
// numbers, at least 16, and so many categories.
func (p *Profile) Encode(points, categories int) ([]byte, error) {
	d := document{Header: documentHeader, Rows: p.Rows, Columns: make([]columnDocument, len(p.Columns))}
	for i, c := range p.Columns {
		d.Columns[i] = c.document(points, categories)
	}
	if p.Predictions != nil {
		predictions := p.Predictions.document(points, categories)
		d.Predictions = &predictions
	}
	data, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("write a profile: %w", err)
	}
	return data, nil
}

func (c *Column) document(points, categories int) columnDocument {
	d := columnDocument{Name: c.Name, Kind: c.Kind.String(), Count: c.Count, Missing: c.Missing}
	if c.Categories != nil {
		kept := c.Categories.Shrink(categories)
		d.Categories = &categoryDocument{Lost: kept.lost, Values: kept.Top(categories)}
		return d
	}
	kept := c.Numbers.Sketch.Shrink(points)
	d.Numbers = &numbersDocument{
		Finite: c.Numbers.Finite, Mean: orZero(c.Numbers.Mean), Std: orZero(c.Numbers.Std), Min: kept.min, Max: kept.max,
		Sketch: sketchDocument{K: kept.k, Over: kept.over, Under: kept.under, Levels: kept.levels},
	}
	for h, level := range d.Numbers.Sketch.Levels {
		if level == nil {
			d.Numbers.Sketch.Levels[h] = []float64{}
		}
	}
	return d
}

// orZero replaces what JSON cannot hold: the moments of numbers near the largest
// there are may overflow.
func orZero(v float64) float64 {
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	return v
}

// Parse reads what [Profile.MarshalJSON] or [Profile.Encode] wrote, strictly: an
// unknown key, another format or version, or figures that cannot be are errors.
func Parse(data []byte) (*Profile, error) {
	p, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("read a profile: %w", err)
	}
	return p, nil
}

func parse(data []byte) (*Profile, error) {
	var doc document
	if err := strictjson.DecodeAs(data, documentHeader, &doc); err != nil {
		return nil, fmt.Errorf("it %w", err)
	}
	return doc.profile()
}

func (d *document) profile() (*Profile, error) {
	if d.Rows < 0 || d.Rows > maxRows {
		return nil, fmt.Errorf("it tells of %d rows", d.Rows)
	}
	if len(d.Columns) > maxColumns {
		return nil, fmt.Errorf("it has %d columns, more than %d", len(d.Columns), maxColumns)
	}
	p := &Profile{Rows: d.Rows, Columns: make([]*Column, len(d.Columns))}
	seen := make(map[string]bool, len(d.Columns))
	for i := range d.Columns {
		c := &d.Columns[i]
		var err error
		if p.Columns[i], err = c.column(d.Rows); err != nil {
			return nil, fmt.Errorf("column %q: %w", c.Name, err)
		}
		if seen[c.Name] {
			return nil, fmt.Errorf("column %q is there twice", c.Name)
		}
		seen[c.Name] = true
	}
	if d.Predictions != nil {
		var err error
		if p.Predictions, err = d.Predictions.column(maxRows); err != nil {
			return nil, fmt.Errorf("predictions: %w", err)
		}
	}
	return p, nil
}

func (d *columnDocument) column(rows int64) (*Column, error) {
	kind, err := table.ParseKind(d.Kind)
	if err != nil {
		return nil, err
	}
	switch {
	case d.Name == "":
		return nil, errors.New("it has no name")
	case d.Count < 0 || d.Missing < 0 || d.Missing > d.Count || d.Count > rows:
		return nil, fmt.Errorf("%d missing of %d cells in %d rows cannot be", d.Missing, d.Count, rows)
	case (d.Numbers == nil) == (d.Categories == nil):
		return nil, errors.New("it needs either numbers or categories")
	}
	c := newColumn(d.Name, kind)
	if (c.Numbers == nil) != (d.Numbers == nil) {
		return nil, fmt.Errorf("what it tells is not of the kind %s", kind)
	}
	c.Count, c.Missing = d.Count, d.Missing
	if d.Numbers != nil {
		return c, d.Numbers.into(c)
	}
	return c, d.Categories.into(c)
}

func (d *numbersDocument) into(c *Column) error {
	s := &Sketch{k: d.Sketch.K, count: c.Valid(), over: d.Sketch.Over, under: d.Sketch.Under, min: d.Min, max: d.Max, levels: d.Sketch.Levels}
	points := 0
	for _, level := range s.levels {
		points += len(level)
	}
	switch {
	case s.k < minAccuracy || s.k > maxDocumentPoints || points > maxDocumentPoints || len(s.levels) > maxLevels:
		return fmt.Errorf("a sketch of accuracy %d with %d levels and %d points is none that this program writes", s.k, len(s.levels), points)
	case d.Finite < 0 || d.Finite > c.Valid() || d.Std < 0:
		return fmt.Errorf("deviation %v of %d finite numbers cannot be", d.Std, d.Finite)
	}
	if err := s.check(); err != nil {
		return err
	}
	*c.Numbers = Numbers{Finite: d.Finite, Mean: d.Mean, Std: d.Std, Sketch: s}
	return nil
}

func (d *categoryDocument) into(c *Column) error {
	if len(d.Values) > maxDocumentPoints {
		return fmt.Errorf("it has %d categories, more than %d", len(d.Values), maxDocumentPoints)
	}
	counts := NewCounts(max(DefaultCategories, len(d.Values)))
	left := c.Valid()
	for _, v := range d.Values {
		if _, twice := counts.counts[v.Value]; twice || v.Count <= 0 || v.Count > left {
			return fmt.Errorf("category %q with %d cells cannot be: %d are left", v.Value, v.Count, left)
		}
		counts.counts[v.Value] = v.Count
		left -= v.Count
	}
	if d.Lost < 0 || d.Lost > left || d.Lost == 0 && left > 0 {
		return fmt.Errorf("counts that are at most %d too small cannot be: %d cells are in no category", d.Lost, left)
	}
	counts.total, counts.lost = c.Valid(), d.Lost
	c.Categories = counts
	return nil
}
