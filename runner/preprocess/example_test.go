package preprocess_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"

	"mlops/runner/config"
	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// share makes a column of numbers shares of its largest training value. It is a
// complete step: parameters, fitting, transforming, saving and loading.
type share struct {
	step   config.Step
	params shareParams
}

type shareParams struct {
	Column string  `yaml:"column"`
	Scale  float64 `yaml:"scale" range:"(0,1e6]"`
}

func newShare(step config.Step) (preprocess.Fitter, error) {
	params, err := config.DecodeParamsOver(step, shareParams{Scale: 1})
	if err != nil {
		return nil, err // names file, line and the nearest known parameter
	}
	if params.Column == "" {
		return nil, step.ErrorAt("column", "example_share needs a column")
	}
	return &share{step: step, params: params}, nil
}

// Fit learns from training rows only, whatever their order.
func (s *share) Fit(_ context.Context, in preprocess.Frame) (preprocess.Transformer, error) {
	c := in.Table.Column(s.params.Column)
	if c == nil || c.Kind() != table.Float64 {
		return nil, s.step.ErrorAt("column", "there is no column %q of numbers", s.params.Column)
	}
	largest := 0.0
	for i, v := range c.Floats() {
		if !c.IsNull(i) {
			largest = max(largest, v)
		}
	}
	if largest == 0 {
		return nil, &preprocess.ColumnError{Column: c.Name(), Reason: "no value is above 0, so that there are no shares"}
	}
	return &fittedShare{Column: c.Name(), Divisor: largest / s.params.Scale}, nil
}

// fittedShare is all that is saved.
type fittedShare struct {
	Column  string  `json:"column"`
	Divisor float64 `json:"divisor"`
}

// Transform looks at each row alone, and keeps every one.
func (f *fittedShare) Transform(_ context.Context, in preprocess.Frame, _ preprocess.Mode) (preprocess.Frame, error) {
	c := in.Table.Column(f.Column)
	if c == nil {
		return preprocess.Frame{}, &table.MissingColumnError{Name: f.Column, Have: in.Table.Names()}
	}
	values := make([]float64, c.Len())
	for i, v := range c.Floats() {
		values[i] = v / f.Divisor // a missing cell is NaN and stays so
	}
	return in.With(table.NewFloat64(f.Column, values, nil))
}

func (f *fittedShare) MarshalJSON() ([]byte, error) {
	type plain fittedShare
	return json.Marshal((*plain)(f))
}

// loadShare trusts nothing that it reads.
func loadShare(state json.RawMessage) (preprocess.Transformer, error) {
	type plain fittedShare
	var f plain
	d := json.NewDecoder(bytes.NewReader(state))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return nil, err
	}
	if f.Column == "" || !(f.Divisor > 0) {
		return nil, errors.New("the column is missing, or the divisor is not above 0")
	}
	return (*fittedShare)(&f), nil
}

func init() {
	preprocess.Register("example_share", preprocess.Factory{New: newShare, Load: loadShare})
}

// A step of one's own, from the configuration to prediction.
func ExampleRegister() {
	cfg, err := config.Parse("mlops-config.yaml", []byte(`
preprocessing:
  steps:
    - type: example_share
      params: {column: sales, scale: 100}
`))
	if err != nil {
		log.Fatal(err)
	}
	pipeline, err := preprocess.New(cfg.Preprocessing)
	if err != nil {
		log.Fatal(err)
	}
	training, _ := table.New(table.NewFloat64("sales", []float64{10, 30, 50}, nil))
	fitted, err := pipeline.Fit(context.Background(), training)
	if err != nil {
		log.Fatal(err)
	}
	saved, err := json.Marshal(fitted)
	if err != nil {
		log.Fatal(err)
	}
	loaded, err := preprocess.LoadFitted(saved)
	if err != nil {
		log.Fatal(err)
	}
	later, _ := table.New(table.NewFloat64("sales", []float64{5, 40}, nil))
	features, err := loaded.TransformForInference(context.Background(), later)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(features.Column("sales").Floats(), "percent")

	cfg, err = config.Parse("mlops-config.yaml", []byte("preprocessing: {steps: [{type: example_share, params: {colum: sales}}]}"))
	if err != nil {
		log.Fatal(err)
	}
	_, err = preprocess.New(cfg.Preprocessing)
	fmt.Println(err.(*config.Error).Message)
	// Output:
	// [10 80] percent
	// unknown key; did you mean "column"?
}
