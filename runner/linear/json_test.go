package linear

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
)

func savedModels(t testing.TB) (regressor, classifier []byte) {
	t.Helper()
	s := buildSet("plain")
	r, err := NewElasticNet().Fit(background, s.dense(t), s.score, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewLogisticRegression().Fit(background, s.dense(t), s.labels(3), 4, FitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := r.WriteJSON(&a); err != nil {
		t.Fatal(err)
	}
	if err := c.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return a.Bytes(), b.Bytes()
}

func TestASavedModelPredictsTheSameBits(t *testing.T) {
	s := buildSet("plain")
	x := s.dense(t)
	for _, c := range readReference(t) {
		if c.Set != "plain" {
			continue
		}
		if c.Estimator != "logistic_regression" {
			m, err := regressor(c.Estimator, c.Params, x, s.score, c.options(&s))
			if err != nil {
				t.Fatal(err)
			}
			var file bytes.Buffer
			if err := m.WriteJSON(&file); err != nil {
				t.Fatal(err)
			}
			loaded, err := ReadRegressor(&file)
			if err != nil {
				t.Fatal(err)
			}
			a, _ := m.Predict(background, x)
			b, err := loaded.Predict(background, x)
			if err != nil {
				t.Fatal(err)
			}
			if !sameBits(a, b) || m.Report() != loaded.Report() || m.Estimator() != loaded.Estimator() || !slices.Equal(m.FeatureNames(), loaded.FeatureNames()) {
				t.Errorf("%s: %+v, loaded %+v", c.Name, m, loaded)
			}
			continue
		}
		p, err := ParseLogisticRegression(c.Params)
		if err != nil {
			t.Fatal(err)
		}
		m, err := p.Fit(background, x, s.labels(c.Classes), c.Classes, c.options(&s))
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := m.WriteJSON(&file); err != nil {
			t.Fatal(err)
		}
		loaded, err := ReadClassifier(&file)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := m.PredictProba(background, x)
		b, err := loaded.PredictProba(background, x)
		if err != nil {
			t.Fatal(err)
		}
		if !sameBits(a, b) || m.Report() != loaded.Report() || m.Classes() != loaded.Classes() || !slices.Equal(m.Present(), loaded.Present()) {
			t.Errorf("%s: %+v, loaded %+v", c.Name, m, loaded)
		}
	}
}

func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

func TestDamagedModelsAreRefused(t *testing.T) {
	const regressor = `{"format_version":1,"estimator":"ridge","features":["a","b"],"classes":0,"present":[],"coef":[[1,2]],"intercept":[3],"n_iter":0,"converged":true,"loss":0,"dual_gap":0,"rank":0}`
	const classifier = `{"format_version":1,"estimator":"logistic_regression","features":["a","b"],"classes":4,"present":[0,2],"coef":[[1,2]],"intercept":[3],"n_iter":1,"converged":true,"loss":0,"dual_gap":0,"rank":0}`
	readRegressor := func(s string) error { _, err := ReadRegressor(strings.NewReader(s)); return err }
	readClassifier := func(s string) error { _, err := ReadClassifier(strings.NewReader(s)); return err }
	if err := readRegressor(regressor); err != nil {
		t.Fatal(err)
	}
	if err := readClassifier(classifier); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		read      func(string) error
		file      string
		old, make string
		want      string
	}{
		{readRegressor, regressor, regressor, "", "EOF"},
		{readRegressor, regressor, regressor, "[]", "no JSON object"},
		{readRegressor, regressor, `"rank":0}`, `"rank":0`, "EOF"},
		{readRegressor, regressor, `"rank":0}`, `"rank":0} {}`, "after its end"},
		{readRegressor, regressor, `"rank":0}`, `"rank":0,"more":1}`, `"more": is not a key`},
		{readRegressor, regressor, `"rank":0}`, `"rank":0,"rank":0}`, `"rank": is not a key of this format, or is there twice`},
		{readRegressor, regressor, `"rank"`, `"Rank"`, `"Rank": is not a key`},
		{readRegressor, regressor, `,"rank":0`, ``, `"rank": is missing`},
		{readRegressor, regressor, `"format_version":1`, `"format_version":2`, "this program reads 1"},
		{readRegressor, regressor, `"estimator":"ridge"`, `"estimator":"logistic_regression"`, "is no regression"},
		{readRegressor, regressor, `"classes":0`, `"classes":2`, "a regression has none"},
		{readRegressor, regressor, `[[1,2]]`, `[[1,null]]`, "has a null"},
		{readRegressor, regressor, `["a","b"]`, `["a",null]`, "has a null"},
		{readRegressor, regressor, `["a","b"]`, `null`, "empty"},
		{readRegressor, regressor, `"n_iter":0`, `"n_iter":null`, "has a null"},
		{readRegressor, regressor, `[[1,2]]`, `[[1,NaN]]`, `"coef": invalid character`},
		{readRegressor, regressor, `[[1,2]]`, `[[1,1e999]]`, "1e999"},
		{readRegressor, regressor, `[[1,2]]`, `[[1]]`, "1 numbers for 2 features"},
		{readRegressor, regressor, `[[1,2]]`, `[[1,2,3]]`, "3 numbers for 2 features"},
		{readRegressor, regressor, `[[1,2]]`, `[[1,2],[3,4]]`, "2 rows and 1 intercepts"},
		{readRegressor, regressor, `"intercept":[3]`, `"intercept":[]`, "1 rows and 0 intercepts"},
		{readRegressor, regressor, `["a","b"]`, `["a","a"]`, "is there twice"},
		{readRegressor, regressor, `"n_iter":0`, `"n_iter":-1`, "negative"},
		{readRegressor, regressor, `"n_iter":0`, `"n_iter":1.5`, "n_iter"},
		{readClassifier, classifier, `logistic_regression`, `ridge`, "is no classifier"},
		{readClassifier, classifier, `"classes":4`, `"classes":4000000000`, "is not from 2 to 65536"},
		{readClassifier, classifier, `"classes":4`, `"classes":1`, "is not from 2"},
		{readClassifier, classifier, `[0,2]`, `[2,0]`, "out of range or order"},
		{readClassifier, classifier, `[0,2]`, `[0,4]`, "out of range or order"},
		{readClassifier, classifier, `[0,2]`, `[0]`, "fewer than two"},
		{readClassifier, classifier, `[0,2]`, `[0,1,2]`, "not 3 of both"},
	} {
		file := strings.Replace(c.file, c.old, c.make, 1)
		err := c.read(file)
		var format *FormatError
		if !errors.As(err, &format) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s for %s: %v, not %s", c.make, c.old, err, c.want)
		}
	}
}

// What is read once is written and read again as it was.
func FuzzReadModel(f *testing.F) {
	regressor, classifier := savedModels(f)
	f.Add(regressor)
	f.Add(classifier)
	f.Add([]byte(`{"format_version":1,"estimator":"ridge","features":["a"],"classes":0,"present":[],"coef":[[-0]],"intercept":[5e-324],"n_iter":0,"converged":true,"loss":0,"dual_gap":-1,"rank":9}`))
	f.Add([]byte(`{"format_version":1,"coef":[[1,null]]}`))
	f.Add([]byte(`{"format_version":1e9}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again := func(write func(*bytes.Buffer) error, read func(*bytes.Buffer) (func(*bytes.Buffer) error, error)) {
			var first, second bytes.Buffer
			if err := write(&first); err != nil {
				t.Fatal(err)
			}
			saved := bytes.Clone(first.Bytes())
			rewrite, err := read(&first)
			if err != nil {
				t.Fatalf("%v of its own %s", err, saved)
			}
			if err := rewrite(&second); err != nil || !bytes.Equal(saved, second.Bytes()) {
				t.Fatalf("%v: %s, then %s", err, saved, second.Bytes())
			}
		}
		if m, err := ReadRegressor(bytes.NewReader(data)); err == nil {
			again(func(b *bytes.Buffer) error { return m.WriteJSON(b) }, func(b *bytes.Buffer) (func(*bytes.Buffer) error, error) {
				m, err := ReadRegressor(b)
				return func(b *bytes.Buffer) error { return m.WriteJSON(b) }, err
			})
		}
		if m, err := ReadClassifier(bytes.NewReader(data)); err == nil {
			again(func(b *bytes.Buffer) error { return m.WriteJSON(b) }, func(b *bytes.Buffer) (func(*bytes.Buffer) error, error) {
				m, err := ReadClassifier(b)
				return func(b *bytes.Buffer) error { return m.WriteJSON(b) }, err
			})
			x := denseRow(t, m.FeatureNames())
			if _, err := m.PredictProba(background, x); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func denseRow(t *testing.T, names []string) *Dense {
	columns := make([][]float64, len(names))
	for j := range columns {
		columns[j] = []float64{float64(j)}
	}
	x, err := NewDense(names, columns)
	if err != nil {
		t.Fatal(err)
	}
	return x
}
