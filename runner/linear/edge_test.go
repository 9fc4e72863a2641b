package linear

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var background = context.Background()

// eachRegression runs test for each kind of regression, with penalties that hardly
// matter.
func eachRegression(t *testing.T, test func(t *testing.T, fit func(x *Dense, y []float64, o FitOptions) (*Regressor, error))) {
	for _, e := range []struct {
		name   string
		values map[string]any
	}{
		{"linear_regression", nil},
		{"ridge", map[string]any{"alpha": 1e-9}},
		{"ridge", map[string]any{"alpha": 0}},
		{"lasso", map[string]any{"alpha": 1e-9, "tol": 1e-12, "max_iter": 100000}},
		{"elastic_net", map[string]any{"alpha": 1e-9, "tol": 1e-12, "max_iter": 100000}},
	} {
		t.Run(e.name, func(t *testing.T) {
			test(t, func(x *Dense, y []float64, o FitOptions) (*Regressor, error) {
				return regressor(e.name, e.values, x, y, o)
			})
		})
	}
}

// eachPenalty runs test for L-BFGS and for Newton's method, dense and sparse.
func eachPenalty(t *testing.T, test func(t *testing.T, p LogisticRegression, design func(columns ...[]float64) Matrix)) {
	for _, penalty := range []string{PenaltyL2, PenaltyL1, PenaltyElasticNet, PenaltyNone} {
		p := NewLogisticRegression()
		p.Penalty = penalty
		if penalty == PenaltyElasticNet {
			p.L1Ratio = 0.5
		}
		t.Run(penalty+"/dense", func(t *testing.T) {
			test(t, p, func(columns ...[]float64) Matrix { return denseOf(t, columns...) })
		})
		t.Run(penalty+"/sparse", func(t *testing.T) {
			test(t, p, func(columns ...[]float64) Matrix { return sparseOf(t, columns...) })
		})
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %v, not %v", what, got, want)
	}
}

func TestAnExactLineIsFound(t *testing.T) {
	eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
		m, err := fit(denseOf(t, []float64{1, 2, 3, 4}, []float64{1, 0, 2, 5}), []float64{6, 5, 12, 22}, FitOptions{}) // 2a + 3b + 1, but for 3's
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Predict(background, denseOf(t, []float64{1, 2, 3, 4}, []float64{1, 0, 2, 5}))
		if err != nil {
			t.Fatal(err)
		}
		near(t, "mean of the predictions", total(p)/4, 45.0/4, 1e-6)
		near(t, "the first line", p[0], 2*1+3*1+1, 0.3)
	})
}

func TestConstantColumnsHaveNoCoefficient(t *testing.T) {
	eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
		m, err := fit(denseOf(t, []float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, []float64{1, 2, 3, 4, 5, 6, 7}), []float64{3, 5, 7, 9, 11, 13, 15}, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Coef()[0] != 0 {
			t.Errorf("coefficient %v", m.Coef()[0])
		}
		near(t, "slope", m.Coef()[1], 2, 1e-6)
		near(t, "intercept", m.Intercept(), 1, 1e-5)
	})
	eachPenalty(t, func(t *testing.T, p LogisticRegression, design func(...[]float64) Matrix) {
		m, err := p.Fit(background, design([]float64{0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, []float64{1, 2, 3, 4, 5, 6, 7}), []int{0, 0, 1, 0, 1, 1, 0}, 2, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, dense := design([]float64{1}).(*Dense); dense && m.Coef()[0][0] != 0 {
			t.Errorf("coefficient %v", m.Coef()[0][0])
		}
	})
}

func TestOnlyConstantColumnsPredictTheMean(t *testing.T) {
	eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
		m, err := fit(denseOf(t, []float64{7, 7, 7}), []float64{1, 2, 6}, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "coefficient", m.Coef()[0], 0, 0)
		near(t, "intercept", m.Intercept(), 3, 1e-15)
	})
}

func TestAConstantTargetIsTheIntercept(t *testing.T) {
	eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
		m, err := fit(denseOf(t, []float64{1, 2, 4}), []float64{0.1, 0.1, 0.1}, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Coef()[0] != 0 || m.Intercept() != 0.1 || !m.Report().Converged {
			t.Errorf("%v, %v, %+v", m.Coef(), m.Intercept(), m.Report())
		}
	})
}

func TestOneRow(t *testing.T) {
	eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
		m, err := fit(denseOf(t, []float64{5}, []float64{6}), []float64{2}, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Intercept() != 2 || m.Coef()[0] != 0 || m.Coef()[1] != 0 {
			t.Errorf("%v, %v", m.Coef(), m.Intercept())
		}
	})
}

// Equal columns share what one of them would have.
func TestEqualColumnsShare(t *testing.T) {
	s := buildSet("plain")
	for name, fit := range map[string]func(*Dense) (*Regressor, error){
		"linear": func(x *Dense) (*Regressor, error) {
			return NewLinearRegression().Fit(background, x, s.score, FitOptions{})
		},
		"ridge": func(x *Dense) (*Regressor, error) { return NewRidge().Fit(background, x, s.score, FitOptions{}) },
		"ridge_barely": func(x *Dense) (*Regressor, error) {
			return Ridge{Alpha: 1e-300, FitIntercept: true}.Fit(background, x, s.score, FitOptions{})
		},
	} {
		m, err := fit(denseOf(t, s.columns[0], s.columns[1], s.columns[0]))
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, m.Coef()[0], m.Coef()[2], 1e-12)
		near(t, name, m.Coef()[0], 1, 0.1)
	}
}

func TestRanks(t *testing.T) {
	s := buildSet("wide")
	for _, c := range []struct {
		name      string
		x         *Dense
		intercept bool
		rank      int
	}{
		{"wide", s.dense(t), false, 30},
		{"wide and centred", s.dense(t), true, 29},
		{"equal columns", denseOf(t, s.columns[0], s.columns[1], s.columns[0]), true, 2},
		{"wide with equal rows", denseOf(t, []float64{1, 1}, []float64{2, 2}, []float64{3, 3}), false, 1},
	} {
		e := NewLinearRegression()
		e.FitIntercept = c.intercept
		m, err := e.Fit(background, c.x, s.score[:c.x.Rows()], FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if m.Report().Rank != c.rank {
			t.Errorf("%s: rank %d, not %d", c.name, m.Report().Rank, c.rank)
		}
	}
}

// Large offsets cost no precision: a column is centred before its products.
func TestLargeOffsets(t *testing.T) {
	s := buildSet("plain")
	moved := slices.Clone(s.columns[0])
	for i := range moved {
		moved[i] = math.Round(moved[i]*1e6)/1e6 + 1e6
	}
	back := slices.Clone(moved)
	for i := range back {
		back[i] -= 1e6
	}
	e := NewLinearRegression()
	a, err := e.Fit(background, denseOf(t, moved), s.score, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Fit(background, denseOf(t, back), s.score, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "slope", a.Coef()[0], b.Coef()[0], 1e-9)
	p := NewLogisticRegression()
	p.Tol = 1e-10
	c, err := p.Fit(background, denseOf(t, moved), s.labels(2), 2, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := p.Fit(background, denseOf(t, back), s.labels(2), 2, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "logistic slope", c.Coef()[0][0], d.Coef()[0][0], 1e-7)
}

func TestClassesWithoutRows(t *testing.T) {
	s := buildSet("plain")
	labels := s.labels(3)
	spread := slices.Clone(labels) // 0, 1, 2 become 1, 3, 4 of six classes
	for i, label := range labels {
		spread[i] = []int{1, 3, 4}[label]
	}
	eachPenalty(t, func(t *testing.T, p LogisticRegression, design func(...[]float64) Matrix) {
		x := design(s.columns...)
		want, err := p.Fit(background, x, labels, 3, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Fit(background, x, spread, 6, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got.Present(), []int{1, 3, 4}) || got.Classes() != 6 {
			t.Fatalf("%v of %d", got.Present(), got.Classes())
		}
		a, _ := want.PredictProba(background, x)
		b, err := got.PredictProba(background, x)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b[:6], []float64{0, a[0], 0, a[1], a[2], 0}) {
			t.Errorf("%v, with three classes %v", b[:6], a[:3])
		}
		classes, _ := got.Predict(background, x)
		for i, class := range classes {
			if b[i*6+class] != slices.Max(b[i*6:][:6]) {
				t.Fatalf("row %d: class %d of %v", i, class, b[i*6:][:6])
			}
		}
	})
}

// Two classes without a penalty that a column tells apart have no best coefficients:
// the fit ends, and predicts them.
func TestSeparableClasses(t *testing.T) {
	eachPenalty(t, func(t *testing.T, p LogisticRegression, design func(...[]float64) Matrix) {
		x := design([]float64{1, 2, 3, 10, 11, 12, 30, 31}, []float64{1, 0, 1, 0, 1, 0, 1, 0})
		for _, labels := range [][]int{{0, 0, 0, 1, 1, 1, 1, 1}, {0, 0, 0, 1, 1, 1, 2, 2}} {
			p.C, p.MaxIter = 1e3, 300
			m, err := p.Fit(background, x, labels, 3, FitOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := m.Predict(background, x); !slices.Equal(got, labels) {
				t.Errorf("%v, not %v; %+v", got, labels, m.Report())
			}
		}
	})
}

func TestMaxIterEndsAFit(t *testing.T) {
	s := buildSet("plain")
	eachPenalty(t, func(t *testing.T, p LogisticRegression, design func(...[]float64) Matrix) {
		p.MaxIter, p.Tol = 2, 1e-12
		var seen []int
		m, err := p.Fit(background, design(s.columns...), s.labels(3), 3, FitOptions{Progress: func(it Iteration) error {
			if it.Total != 2 || !finite(it.Loss) {
				t.Errorf("%+v", it)
			}
			seen = append(seen, it.Index)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if r := m.Report(); r.Converged || r.Iterations != 2 || !slices.Equal(seen, []int{0, 1}) {
			t.Errorf("%+v, %v", r, seen)
		}
	})
	e := NewLasso()
	e.Alpha, e.MaxIter, e.Tol = 0.01, 2, 1e-12
	m, err := e.Fit(background, s.dense(t), s.score, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if r := m.Report(); r.Converged || r.Iterations != 2 || r.DualGap <= 0 {
		t.Errorf("%+v", r)
	}
}

func TestExtremeMargins(t *testing.T) {
	for _, c := range []struct{ m, p, softplus float64 }{
		{0, 0.5, math.Ln2}, {1000, 1, 1000}, {-1000, 0, 0}, {-700, math.Exp(-700), math.Exp(-700)}, {40, 1, 40},
	} {
		p, softplus := logistic(c.m)
		near(t, "p", p, c.p, 1e-15*c.p)
		near(t, "softplus", softplus, c.softplus, 1e-15*c.softplus)
	}
	m := &Classifier{affine: affine{names: []string{"x0"}, coef: [][]float64{{1000}, {0}, {-1000}}, intercept: []float64{0, 0, 0}}, classes: 3, present: []int{0, 1, 2}}
	p, err := m.PredictProba(background, denseOf(t, []float64{1, -1, 0}))
	if err != nil {
		t.Fatal(err)
	}
	third := 1.0 / 3
	if !slices.Equal(p, []float64{1, 0, 0, 0, 0, 1, third, third, third}) {
		t.Error(p)
	}
}

// What cannot be fitted is refused by name.
func TestRefusals(t *testing.T) {
	x := denseOf(t, []float64{1, 2, 3})
	y := []float64{1, 2, 4}
	fit := func(x *Dense, y []float64, o FitOptions) error {
		var first error
		eachRegression(t, func(t *testing.T, fit func(*Dense, []float64, FitOptions) (*Regressor, error)) {
			_, err := fit(x, y, o)
			if first == nil {
				first = err
			}
			if err == nil || err.Error() != first.Error() {
				t.Errorf("%v, not %v", err, first)
			}
		})
		return first
	}
	classify := func(labels []int, classes int, o FitOptions) error {
		_, err := NewLogisticRegression().Fit(background, x, labels, classes, o)
		return err
	}
	lasso := func(x *Dense) error {
		_, err := NewLasso().Fit(background, x, y, FitOptions{})
		return err
	}
	dense := func(names []string, columns ...[]float64) error {
		_, err := NewDense(names, columns)
		return err
	}
	sparse := func(rows int, column SparseColumn) error {
		_, err := NewSparse([]string{"a"}, rows, []SparseColumn{column})
		return err
	}
	m, err := NewRidge().Fit(background, x, y, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	predict := func(names ...string) error {
		columns := make([][]float64, len(names))
		for j := range columns {
			columns[j] = []float64{1}
		}
		x, err := NewDense(names, columns)
		if err != nil {
			return err
		}
		_, err = m.Predict(background, x)
		return err
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{dense([]string{"a", "b"}, []float64{1, 2}, []float64{3, math.NaN()}), `feature "b", row 1 (counting from 0): is missing (NaN)`},
		{dense([]string{"a"}, []float64{math.Inf(-1)}), `feature "a", row 0 (counting from 0): is -Inf`},
		{dense([]string{"a", "b"}, []float64{1, 2}, []float64{3}), `feature "b": has 1 rows, feature "a" has 2`},
		{dense([]string{"a", "a"}, []float64{1}, []float64{3}), `feature "a": is there twice`},
		{dense([]string{"\xff"}, []float64{1}), "not UTF-8"},
		{dense(nil, []float64{1}), "0 names for 1 columns"},
		{dense(nil), "no columns"},
		{sparse(3, SparseColumn{Rows: []int32{0, 1}, Values: []float64{1, math.Inf(1)}}), `feature "a", row 1 (counting from 0): is +Inf`},
		{sparse(3, SparseColumn{Rows: []int32{1, 1}, Values: []float64{1, 2}}), "rows must rise"},
		{sparse(3, SparseColumn{Rows: []int32{3}, Values: []float64{1}}), "is not one of the 3 rows"},
		{sparse(3, SparseColumn{Rows: []int32{-1}, Values: []float64{1}}), "is not one of the 3 rows"},
		{sparse(3, SparseColumn{Rows: []int32{1}}), "1 row numbers and 0 values"},
		{sparse(-1, SparseColumn{}), "from 0 to"},
		{fit(denseOf(t, []float64{}), nil, FitOptions{}), "no rows"},
		{fit(x, y[:2], FitOptions{}), "2 targets for 3 rows"},
		{fit(x, []float64{1, math.NaN(), 2}, FitOptions{}), "target NaN of row 1"},
		{fit(x, y, FitOptions{SampleWeight: y[:1]}), "1 sample weights for 3 rows"},
		{fit(x, y, FitOptions{SampleWeight: []float64{1, -1, 1}}), "weight -1 of row 1"},
		{fit(x, y, FitOptions{SampleWeight: []float64{0, 0, 0}}), "sum to zero"},
		{fit(x, y, FitOptions{SampleWeight: []float64{math.MaxFloat64, math.MaxFloat64, 0}}), "overflows"},
		{lasso(denseOf(t, []float64{1, math.MaxFloat64, -math.MaxFloat64})), "overflows"},
		{fit(x, []float64{math.MaxFloat64, math.MaxFloat64, 0}, FitOptions{}), "overflows"},
		{classify([]int{1, 1, 1}, 2, FitOptions{}), "fewer than two classes"},
		{classify([]int{0, 1, 1}, 2, FitOptions{SampleWeight: []float64{0, 1, 1}}), "fewer than two classes"},
		{classify([]int{0, 1, 2}, 2, FitOptions{}), "target 2 of row 2 (counting from 0): labels are class indices from 0 to 1"},
		{classify([]int{0, -1, 1}, 2, FitOptions{}), "target -1 of row 1"},
		{classify([]int{0, 1}, 2, FitOptions{}), "2 labels for 3 rows"},
		{classify([]int{0, 1, 1}, 1<<30, FitOptions{}), "from 2 to 65536 classes"},
		{predict("x1"), `feature "x1": is not the model's column "x0" here`},
		{predict("x0", "x1"), `feature "x1": is no column of the model`},
		{predict(), "no columns"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%v, not %s", c.err, c.want)
		}
	}
	var feature *FeatureError
	if err := dense([]string{"a"}, []float64{0, math.NaN()}); !errors.As(err, &feature) || feature.Feature != "a" || feature.Row != 1 {
		t.Errorf("%#v", err)
	}
}

// A fit is the same in other units of the columns, the tolerance included.
func TestUnitsOfTheColumnsDoNotMatter(t *testing.T) {
	s := buildSet("plain")
	const unit = 1e-3
	small := make([][]float64, len(s.columns))
	for j, column := range s.columns {
		small[j] = make([]float64, len(column))
		for i, v := range column {
			small[j][i] = unit * v
		}
	}
	eachPenalty(t, func(t *testing.T, p LogisticRegression, design func(...[]float64) Matrix) {
		p.C = 0.5
		a, err := p.Fit(background, design(s.columns...), s.labels(3), 3, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		// The coefficients are larger by 1/unit: what the L1 part takes of them grows by as
		// much, the L2 part by its square.
		ratio := map[string]float64{PenaltyL1: 1, PenaltyElasticNet: p.L1Ratio}[p.Penalty]
		scale := unit*ratio + unit*unit*(1-ratio)
		p.C /= scale
		if p.Penalty == PenaltyElasticNet {
			p.L1Ratio = unit * ratio / scale
		}
		b, err := p.Fit(background, design(small...), s.labels(3), 3, FitOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if a.Report().Iterations != b.Report().Iterations {
			t.Errorf("%+v, in other units %+v", a.Report(), b.Report())
		}
		for k, coef := range a.Coef() {
			for j, w := range coef {
				near(t, "coefficient", unit*b.Coef()[k][j], w, 1e-9)
			}
		}
	})
}
