package neural

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func written(t interface {
	Helper()
	Fatal(...any)
}, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := m.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A model that was saved and loaded has the same weights and predictions, bit for
// bit, and is saved as the same bytes.
func TestJSONKeepsEveryBit(t *testing.T) {
	odd := []float64{math.SmallestNonzeroFloat64, -math.MaxFloat64, math.Copysign(0, -1), 0.1, 1e21, 1e-7, math.Pi, math.Nextafter(1, 2)}
	rapid.Check(t, func(t *rapid.T) {
		d := drawNet(t, 70)
		d.model.history = History{NIter: 2, BestEpoch: 1, LossCurve: []float64{0.5, 0.1}, ValidationScores: []float64{0.9, 0.8}}
		text := written(t, d.model)
		loaded, err := ReadJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		want, err := d.model.outputs(context.Background(), d.columns(0, len(d.data.Target)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := loaded.outputs(context.Background(), d.columns(0, len(d.data.Target)))
		if err != nil {
			t.Fatal(err)
		}
		sameBits(t, "predictions", got, want)
		if err := d.model.sameShape(loaded); err != nil {
			t.Fatal(err)
		}
		for i := range d.model.theta {
			d.model.theta[i] = odd[i%len(odd)]
		}
		text = written(t, d.model)
		if loaded, err = ReadJSON(bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		sameBits(t, "weights", loaded.theta, d.model.theta)
		if !bytes.Equal(written(t, loaded), text) {
			t.Fatal("saved again it differs")
		}
		h := loaded.History()
		if h.NIter != 2 || h.BestEpoch != 1 || !slices.Equal(h.LossCurve, []float64{0.5, 0.1}) || !slices.Equal(h.ValidationScores, []float64{0.9, 0.8}) {
			t.Fatalf("history %+v", h)
		}
	})
}

// smallModel is a network of one number and one category, trained.
func smallModel(t testing.TB) *Model {
	t.Helper()
	p := DefaultParams()
	p.HiddenLayerSizes, p.MaxIter = []int{2}, 2
	m, err := Train(context.Background(), Dataset{
		Features: []Feature{{Name: "size", Values: []float64{1, 2, 3}}, {Name: "kind", Values: []float64{0, 1, 1}, Categories: 2}},
		Target:   []float64{1, 2, 3},
	}, p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What was written by an earlier build is still read, and predicts the same.
func TestJSONOfVersion1(t *testing.T) {
	text, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := ReadJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	got, err := m.PredictProba(context.Background(), [][]float64{{0.5, -1}, {1, 7}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "probabilities", got, []float64{0.055718818124353794, 0.448347731830944, 0.4959334500447021, 0.13793497881158068, 0.39850219535829684, 0.46356282583012254})
}

func TestReadJSONRefuses(t *testing.T) {
	good := string(written(t, smallModel(t)))
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"", "EOF"},
		"no object":         {"[]", "cannot unmarshal array"},
		"another format":    {swap(good, `"format":"mlops.neural"`, `"format":"tree"`), `"format": "tree": this is no model`},
		"a later version":   {swap(good, `"version":1`, `"version":2`), `"version": 2 is not known; this program reads version 1`},
		"an unknown key":    {swap(good, `"version":1`, `"version":1,"extra":0`), `unknown field "extra"`},
		"text after it":     {good + "{}", "something after the model"},
		"cut off":           {good[:len(good)/2], "unexpected EOF"},
		"loss":              {swap(good, `"loss":"squared_error"`, `"loss":"hinge"`), `"loss": must be one of`},
		"classes":           {swap(good, `"num_class":0`, `"num_class":3`), `"num_class": is 3, but the loss squared_error has no classes`},
		"activation":        {swap(good, `"activation":"relu"`, `"activation":"step"`), `"activation": must be one of`},
		"layers":            {swap(good, `"hidden_layer_sizes":[2]`, `"hidden_layer_sizes":[2,2]`), `"coefs": there are`},
		"too wide a layer":  {swap(good, `"hidden_layer_sizes":[2]`, `"hidden_layer_sizes":[20000]`), `"hidden_layer_sizes": must be a whole number >= 1 and <= 16384`},
		"too many weights":  {swap(good, `"hidden_layer_sizes":[2]`, `"hidden_layer_sizes":[16384,16384]`), "more than 16777216 weights"},
		"no features":       {swap(good, `"features":[{"name":"size"},{"name":"kind","categories":2,"embedding_dim":1}]`, `"features":[]`), `"features": 0 columns`},
		"many categories":   {swap(good, `"categories":2`, `"categories":2000000`), `"features": column 1 has 2000000 categories`},
		"dimensions":        {swap(good, `"embedding_dim":1`, `"embedding_dim":3`), "no more dimensions than categories"},
		"no dimension":      {swap(good, `,"embedding_dim":1`, ``), "column 1 has 2 categories in 0 dimensions"},
		"negative dim":      {swap(good, `"embedding_dim":1`, `"embedding_dim":-1`), "in -1 dimensions"},
		"null for a number": {swap(good, `"intercepts":[[`, `"intercepts":[[null,`), `"null" is not a finite number`},
		"text for a number": {swap(good, `"intercepts":[[`, `"intercepts":[["1",`), `is not a finite number`},
		"lists in lists":    {swap(good, `"intercepts":[[`, `"intercepts":[[[1],`), `"[1]" is not a finite number`},
		"a number too far":  {swap(good, `"intercepts":[[`, `"intercepts":[[1e999,`), `"1e999" is not a finite number`},
		"null for a list":   {swap(good, `"intercepts":[`, `"intercepts":[null,`), `"null" in the place of a list`},
		"a weight too many": {swap(good, `"intercepts":[[`, `"intercepts":[[1,`), "but the layers need 12"},
		"a list moved":      {moved(t, good), `"coefs": list 0 has 3 numbers, not 4`},
		"history":           {swap(good, `"n_iter":2`, `"n_iter":3`), `"loss_curve": has 2 figures for 3 epochs`},
		"best epoch":        {swap(good, `"best_epoch":0`, `"best_epoch":3`), `"n_iter": 2, with the best epoch 3`},
		"scores":            {swap(good, `"validation_scores":[]`, `"validation_scores":[1]`), `"validation_scores": has 1 figures for 2`},
	} {
		t.Run(name, func(t *testing.T) {
			if c.text == good {
				t.Fatal("the case changes nothing")
			}
			_, err := ReadJSON(strings.NewReader(c.text))
			var refused *FormatError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadJSONIsBounded(t *testing.T) {
	text := string(written(t, smallModel(t)))
	if _, err := readJSON(strings.NewReader(text), int64(len(text))); err != nil {
		t.Error(err)
	}
	_, err := readJSON(strings.NewReader(text), int64(len(text))-10)
	if err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}

func swap(text, from, to string) string { return strings.Replace(text, from, to, 1) }

// moved has a number of the first list of coefs in the second.
func moved(t *testing.T, text string) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	lists := m["coefs"].([]any)
	first, second := lists[0].([]any), lists[1].([]any)
	lists[0], lists[1] = first[1:], append(second, first[0])
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Any bytes are an error, or a model that can be saved, loaded and asked.
func FuzzReadJSON(f *testing.F) {
	f.Add(written(f, smallModel(f)))
	text, err := os.ReadFile("testdata/version1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"mlops.neural","version":1,"loss":"log_loss","num_class":2,"activation":"tanh","hidden_layer_sizes":[],"features":[{"name":"x"}],"coefs":[[1]],"intercepts":[[-0]],"embeddings":[],"n_iter":0,"best_epoch":0,"loss_curve":[],"validation_scores":[]}`))
	f.Add([]byte(`{"format":"mlops.neural","version":1,"coefs":[[1,null]],"embeddings":null}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := ReadJSON(bytes.NewReader(text))
		if err != nil {
			var refused *FormatError
			if !errors.As(err, &refused) {
				t.Fatalf("%v is no FormatError", err)
			}
			return
		}
		again, err := ReadJSON(bytes.NewReader(written(t, m)))
		if err != nil {
			t.Fatal(err)
		}
		sameBits(t, "weights", again.theta, m.theta)
		columns := make([][]float64, len(m.features))
		for i := range columns {
			columns[i] = []float64{0, 1}
		}
		first, err := m.outputs(context.Background(), columns)
		second, errAgain := again.outputs(context.Background(), columns)
		if (err == nil) != (errAgain == nil) {
			t.Fatalf("errors %v and %v", err, errAgain)
		}
		sameBits(t, "predictions", second, first)
	})
}
