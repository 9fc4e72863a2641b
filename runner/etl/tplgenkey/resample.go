package tplgenkey

import (
	"fmt"
	"iter"
	"slices"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/signal/resample"
	"mlops/runner/table"
)

// Resample brings cases to a fixed step.
type Resample struct {
	Step   float64  `yaml:"step" range:"[0,)" doc:"Time between two rows, in units of TIME; 0 leaves the rows as the simulator wrote them." example:"0.5"`
	Origin *float64 `yaml:"origin" doc:"A time that the rows' times are whole steps from; null means each case's first time." example:"0" with:"step: 0.5"`
	MaxGap float64  `yaml:"max_gap" range:"[0,)" doc:"Between rows of the trend file that are further apart, values are missing; 0 means any distance is bridged." example:"5" with:"step: 0.5"`
	Hold   []string `yaml:"hold" doc:"Trends that have no values between two, such as states: they keep their last value, as LEAK does. Names or patterns." example:"[ID_*]" with:"step: 0.5"`
}

func (r Resample) check(s config.Section, back Action) error {
	for _, pattern := range r.Hold {
		if err := etl.CheckPattern(s, "resample.hold", pattern); err != nil {
			return err
		}
	}
	switch {
	case r.Step > 0 && back != Fail && back != SkipCase:
		return s.ErrorAt("quality.backwards.action", "is %s, but a case whose times go back cannot be resampled; set it to fail or skip", back)
	case r.Step == 0 && (r.Origin != nil || r.MaxGap > 0 || r.Hold != nil):
		return s.ErrorAt("resample.step", "is not given, so that the other keys of resample say nothing; give it, or leave them out")
	}
	return nil
}

// resampled brings the rows to the fixed step: trends by linear interpolation, LEAK
// and what is to be held by its last value.
func (r Resample) resampled(in etl.Batches[batch]) etl.Batches[batch] {
	if r.Step == 0 {
		return in
	}
	return func(yield func(batch, error) bool) {
		grid, err := resample.New(resample.Options{Step: r.Step, Origin: r.Origin, MaxGap: r.MaxGap})
		if err != nil {
			yield(batch{}, fmt.Errorf("resample: %w", err))
			return
		}
		x := &resampling{}
		for b, err := range in {
			if err != nil {
				yield(b, err)
				return
			}
			if x.c == nil {
				x.c, x.columns = b.c, r.columns(b.rows)
			}
			if !x.pass(grid.Push(b.rows.Column(olga.TimeColumn).Floats()), b.rows, yield) {
				return
			}
		}
		if x.pass(grid.End(), nil, yield) && x.rows == 0 && x.c != nil {
			yield(batch{}, etl.Skip("no whole step from resample.origin lies between the case's first and last time"))
		}
	}
}

// resampling is a case that is brought to the fixed step.
type resampling struct {
	c       *caseFile
	columns []*resampledColumn // but TIME
	rows    int
}

// pass hands on the rows at runs of points, which come of the rows that are given;
// nil: of those before. It is false where that is enough.
func (x *resampling) pass(runs iter.Seq2[resample.Points, error], from *table.Table, yield func(batch, error) bool) bool {
	for p, err := range runs {
		out := batch{c: x.c}
		if err != nil {
			err = fmt.Errorf("resample.step: %w", err)
		} else {
			out.rows, err = x.at(p, from)
		}
		if err == nil && len(p.Times) == 0 {
			continue
		}
		if x.rows += len(p.Times); !yield(out, err) || err != nil {
			return false
		}
	}
	return true
}

// at makes the rows at the points.
func (x *resampling) at(p resample.Points, from *table.Table) (*table.Table, error) {
	made := []*table.Column{table.NewFloat64(olga.TimeColumn, slices.Clone(p.Times), nil)}
	for i, c := range x.columns {
		var column *table.Column
		if from != nil {
			column = from.Columns()[i+1]
		}
		made = append(made, c.at(p, column))
	}
	return table.New(made...)
}

// resampledColumn is a column but TIME.
type resampledColumn struct {
	name   string
	held   bool
	linear resample.Linear
	floats resample.Hold[float64]
	ints   resample.Hold[int64]
}

// columns are those behind TIME.
func (r Resample) columns(rows *table.Table) []*resampledColumn {
	var columns []*resampledColumn
	for _, c := range rows.Columns()[1:] {
		columns = append(columns, &resampledColumn{name: c.Name(), held: etl.Matches(c.Name(), r.Hold...)})
	}
	return columns
}

// at makes the column at the points.
func (c *resampledColumn) at(p resample.Points, from *table.Column) *table.Column {
	var floats []float64
	var ints []int64
	if from != nil {
		floats, ints = from.Floats(), from.Ints()
	}
	gaps := slices.Clone(p.InGap)
	switch {
	case c.name == labelColumn:
		return table.NewInt64(c.name, c.ints.Append(make([]int64, 0, len(p.Times)), p, ints), gaps)
	case c.held:
		return table.NewFloat64(c.name, c.floats.Append(make([]float64, 0, len(p.Times)), p, floats), gaps)
	}
	return table.NewFloat64(c.name, c.linear.Append(make([]float64, 0, len(p.Times)), p, floats), nil)
}
