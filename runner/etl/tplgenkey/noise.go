package tplgenkey

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/signal/instrument"
	"mlops/runner/table"
)

// Instrument is what a trend is read with; see package instrument.
type Instrument struct {
	Accuracy          float64        `yaml:"accuracy" range:"[0,)" doc:"Limit of the random error in the trend's unit, ±: 95 % of the errors are within it. It and the two in percent are added." example:"200"`
	AccuracyOfReading float64        `yaml:"accuracy_of_reading" range:"[0,)" doc:"Limit of the random error in percent of the value, ±." example:"0.5"`
	AccuracyOfSpan    float64        `yaml:"accuracy_of_span" range:"[0,)" doc:"Limit of the random error in percent of the range's width, ±; needs range." example:"0.1" with:"range: [0, 1.0e+6]"`
	Range             []float64      `yaml:"range" doc:"The least and the greatest value that the instrument shows, in the trend's unit." example:"[0, 1.0e+6]"`
	Drift             float64        `yaml:"drift" doc:"How far the zero moves in one unit of TIME, in the trend's unit, up or down." example:"0.05"`
	DriftWalk         float64        `yaml:"drift_walk" range:"[0,)" doc:"How far the zero wanders at random: the standard deviation after one unit of TIME, in the trend's unit." example:"0.5"`
	Resolution        float64        `yaml:"resolution" range:"[0,)" doc:"The step between two readings, in the trend's unit." example:"10"`
	DeadBand          float64        `yaml:"dead_band" range:"[0,)" doc:"A reading is reported only where it differs by more than this from the last one that was." example:"50"`
	TimeConstant      float64        `yaml:"time_constant" range:"[0,)" doc:"Time constant of the instrument's lag, first order, in units of TIME." example:"0.3"`
	Dropout           DropoutSetting `yaml:"dropout" doc:"Readings that do not arrive." example:"{probability: 0.001, samples: 5}"`
}

// DropoutSetting is when readings do not arrive.
type DropoutSetting struct {
	Probability float64 `yaml:"probability" range:"[0,1)" doc:"The probability that a dropout begins with a row." example:"0.001"`
	Samples     int64   `yaml:"samples" range:"[0,1000000000]" doc:"Rows that a dropout takes; 0 is 1, where time is not given either." example:"5" with:"probability: 0.001"`
	Time        float64 `yaml:"time" range:"[0,)" doc:"Time that a dropout takes, in units of TIME, in the place of samples." example:"2.5" with:"probability: 0.001"`
	Hold        bool    `yaml:"hold" doc:"Show the last reading that arrived; else the reading is missing." example:"true" with:"probability: 0.001"`
}

// model is the instrument's.
func (i Instrument) model() instrument.Model {
	m := instrument.Model{
		Accuracy: i.Accuracy, AccuracyOfReading: i.AccuracyOfReading, AccuracyOfSpan: i.AccuracyOfSpan, Drift: i.Drift, DriftWalk: i.DriftWalk,
		Resolution: i.Resolution, DeadBand: i.DeadBand, TimeConstant: i.TimeConstant,
		Dropout: instrument.Dropout{Probability: i.Dropout.Probability, Samples: i.Dropout.Samples, Time: i.Dropout.Time, Hold: i.Dropout.Hold},
	}
	if i.Range != nil {
		m.Range = &instrument.Range{Low: i.Range[0], High: i.Range[1]}
	}
	return m
}

// noiseKeys are the keys of a model's parameters.
var noiseKeys = map[string]string{
	"AccuracyOfSpan": "accuracy_of_span", "Range": "range", "Resolution": "resolution", "Dropout.Probability": "dropout.probability", "Dropout.Time": "dropout.time",
}

// checkNoise checks what the keys of the instruments are together.
func checkNoise(s config.Section, noise map[string]Instrument) error {
	for _, pattern := range sortedKeys(noise) {
		key := "noise." + pattern
		i := noise[pattern]
		if err := etl.CheckPattern(s, key, pattern); err != nil {
			return err
		}
		if i.Range != nil && len(i.Range) != 2 {
			return s.ErrorAt(key+".range", "must be two numbers, the least and the greatest, not %d", len(i.Range))
		}
		var param *instrument.ParamError
		if err := i.model().Validate(); errors.As(err, &param) {
			if name, ok := noiseKeys[param.Param]; ok {
				key += "." + name
			}
			return s.ErrorAt(key, "%s", param.Reason)
		}
	}
	return nil
}

// instruments are those of the case's kept trends, by name.
func (x preparer) instruments(name string, c *caseFile) (map[string]*instrument.Instrument, error) {
	all := map[string]*instrument.Instrument{}
	for _, t := range c.keep {
		key, err := byTrend[Instrument](x.settings.Noise).of(t.Name)
		if err != nil {
			return nil, fmt.Errorf("noise: %w", err)
		}
		if key == "" {
			continue
		}
		source := instrument.Source{Seed: x.settings.NoiseSeed, Case: name, Column: t.Name}
		if all[t.Name], err = instrument.New(x.settings.Noise[key].model(), source); err != nil {
			return nil, fmt.Errorf("noise.%s: %w", key, err)
		}
	}
	return all, nil
}

// noised reads the kept trends with their instruments. TIME and LEAK stay as they are.
func (x preparer) noised(ctx context.Context, w *etl.Work, in etl.Batches[batch]) etl.Batches[batch] {
	if len(x.settings.Noise) == 0 {
		return in
	}
	var all map[string]*instrument.Instrument
	read := func(_ context.Context, _ *etl.Work, b batch) (batch, error) {
		var err error
		if all == nil {
			if all, err = x.instruments(w.Item.Name, b.c); err != nil {
				return b, err
			}
		}
		times := b.rows.Column(olga.TimeColumn).Floats()
		columns := slices.Clone(b.rows.Columns())
		for i, c := range columns {
			if in := all[c.Name()]; in != nil {
				readings := make([]float64, len(times))
				in.Read(readings, times, c.Floats())
				columns[i] = table.NewFloat64(c.Name(), readings, nil)
			}
		}
		b.rows, err = table.New(columns...)
		return b, err
	}
	return etl.Map[batch, batch](read).Transform(ctx, w, in)
}
