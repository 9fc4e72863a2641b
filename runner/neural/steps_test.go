package neural

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// stepCase is a training of tools/reference/neural.py.
type stepCase struct {
	Name             string         `json:"name"`
	Params           map[string]any `json:"params"`
	NumClass         int            `json:"num_class"`
	Held             int            `json:"held"` // last rows, to stop early on
	X                [][]float64    `json:"x"`
	Y                []float64      `json:"y"`
	Weight           []float64      `json:"weight"`
	FirstCoefs       [][]float64    `json:"first_coefs"`
	FirstIntercepts  [][]float64    `json:"first_intercepts"`
	Coefs            [][]float64    `json:"coefs"`
	Intercepts       [][]float64    `json:"intercepts"`
	NIter            int            `json:"n_iter"`
	Loss             float64        `json:"loss"`
	LossCurve        []float64      `json:"loss_curve"`
	ValidationScores []float64      `json:"validation_scores"`
	Prediction       []float64      `json:"prediction"`
}

func (c *stepCase) part(lo, hi int) Dataset {
	d := Dataset{Target: c.Y[lo:hi]}
	if c.Weight != nil {
		d.Weight = c.Weight[lo:hi]
	}
	for column := range c.X[0] {
		f := Feature{Name: string(rune('a' + column))}
		for _, row := range c.X[lo:hi] {
			f.Values = append(f.Values, row[column])
		}
		d.Features = append(d.Features, f)
	}
	return d
}

// initial is a model of the first weights.
func (c *stepCase) initial(t *testing.T, p Params) *Model {
	t.Helper()
	m, err := newModel(c.part(0, 1).Features, &p)
	if err != nil {
		t.Fatal(err)
	}
	m.theta = make([]float64, m.net.size)
	for i, l := range m.net.layers {
		copy(l.w(m.theta), c.FirstCoefs[i])
		copy(l.b(m.theta), c.FirstIntercepts[i])
	}
	return m
}

// From the same first weights and without shuffling, every solver's weights, losses
// and scores are scikit-learn's to 1e-9.
func TestStepsAreScikitLearns(t *testing.T) {
	data, err := os.ReadFile("testdata/steps.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []stepCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			p, err := ParseParams(DefaultParams(), c.Params)
			if err != nil {
				t.Fatal(err)
			}
			p.NumClass = c.NumClass
			options := Options{Initial: c.initial(t, p)}
			if c.Held > 0 {
				held := c.part(len(c.Y)-c.Held, len(c.Y))
				options.Validation = &held
			}
			m, err := Train(context.Background(), c.part(0, len(c.Y)-c.Held), p, options)
			if err != nil {
				t.Fatal(err)
			}
			h := m.History()
			if h.NIter != c.NIter {
				t.Errorf("%d iterations, scikit-learn has %d", h.NIter, c.NIter)
			}
			if len(c.LossCurve) > 0 {
				near(t, "loss curve", h.LossCurve, c.LossCurve)
			}
			near(t, "loss", h.LossCurve[len(h.LossCurve)-1:], []float64{c.Loss})
			near(t, "validation scores", h.ValidationScores, c.ValidationScores)
			for i, got := range m.Coefs() {
				near(t, "coefs", got, c.Coefs[i])
				near(t, "intercepts", m.Intercepts()[i], c.Intercepts[i])
			}
			var columns [][]float64
			for _, f := range c.part(0, 10).Features {
				columns = append(columns, f.Values)
			}
			predict := m.Predict
			if c.NumClass > 0 {
				predict = m.PredictProba
			}
			got, err := predict(context.Background(), columns)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "prediction", got, c.Prediction)
		})
	}
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d figures, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-9*max(1, math.Abs(want[i]))) {
			t.Errorf("%s, number %d: %v, scikit-learn has %v, %.2g off", what, i, got[i], want[i], got[i]-want[i])
			return
		}
	}
}
