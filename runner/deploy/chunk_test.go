package deploy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"mlops/runner/config"
	"mlops/runner/deploy"
	"mlops/runner/pipeline"
	"mlops/runner/preprocess"
	"mlops/runner/table"
)

// reviews are rows of a number and a text of some words out of a thousand.
func reviews(t testing.TB, rows int) *table.Table {
	t.Helper()
	stars, texts := make([]float64, rows), make([]string, rows)
	for i := range rows {
		stars[i] = float64(i%50) / 8
		words := make([]string, 12)
		for k := range words {
			words[k] = fmt.Sprintf("word%d", (i*i+7*k*i+k)%1000)
		}
		texts[i] = strings.Join(words, " ")
	}
	made, err := table.New(table.NewFloat64("stars", stars, nil), table.NewString("review", texts, nil))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// reader is a deployed model of reviews.
func reader(t testing.TB, more string) *deploy.Bundle {
	t.Helper()
	c := candidate(t)
	cfg, err := config.Parse("test", []byte("preprocessing: {steps: [{type: text_tfidf, params: {columns: [review]}}"+more+"]}"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := preprocess.New(cfg.Preprocessing)
	if err != nil {
		t.Fatal(err)
	}
	c.Validation = reviews(t, 500)
	if c.Preprocessor, err = steps.Fit(t.Context(), c.Validation); err != nil {
		t.Fatal(err)
	}
	c.Model.(*sumModel).info.Features = c.Preprocessor.Outputs()
	features, err := c.Preprocessor.TransformForInference(t.Context(), c.Validation)
	if err != nil {
		t.Fatal(err)
	}
	if c.Expected, err = c.Model.Predict(t.Context(), features); err != nil {
		t.Fatal(err)
	}
	p, err := deploy.Publish(t.Context(), c, options(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := deploy.Open(t.Context(), p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func TestChunksOfRowsArePredictedAsTheWholeIs(t *testing.T) {
	bundle, all := reader(t, ""), reviews(t, 200)
	whole, err := bundle.PredictChunks(t.Context(), all, 200)
	if err != nil || whole.Len() != 200 {
		t.Fatal(whole, err)
	}
	for _, rows := range []int{1, 7, 64, 199, 1000} {
		got, err := bundle.PredictChunks(t.Context(), all, rows)
		if err != nil || !slices.Equal(got.Values.Floats(), whole.Values.Floats()) {
			t.Errorf("in chunks of %d: %v", rows, err)
		}
	}
	none, err := bundle.PredictChunks(t.Context(), all.Slice(0, 0), 7)
	if err != nil || none.Len() != 0 {
		t.Errorf("of no rows: %v, %v", none, err)
	}
}

func TestAnErrorOfALaterChunkNamesItsRowOfTheTable(t *testing.T) {
	bundle, all := reader(t, ", {type: derive, params: {columns: {share: 'log(stars + 1)'}}}"), reviews(t, 20)
	for cell, want := range map[string]string{"many": `"stars"`, "-5": `row 18, column "share"`} {
		stars := slices.Repeat([]string{"1"}, 20)
		stars[17] = cell
		broken, err := table.New(table.NewString("stars", stars, nil), all.Column("review"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err = bundle.PredictChunks(t.Context(), broken, 6); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "row 18") {
			t.Errorf("with the cell %s: %v; want %s in row 18", cell, err, want)
		}
	}
}

// BenchmarkPredictWide scores 40,000 texts by 1,000 terms: 320 MB of features. Chunks
// come first: peak_MB is the process's, and never falls.
func BenchmarkPredictWide(b *testing.B) {
	bundle, all := reader(b, ""), reviews(b, 40_000)
	for _, way := range []struct {
		name    string
		predict func() error
	}{
		{"chunks", func() error { _, err := bundle.Predict(b.Context(), all); return err }},
		{"whole", func() error { _, err := bundle.PredictChunks(b.Context(), all, all.NumRows()); return err }},
	} {
		b.Run(way.name, func(b *testing.B) {
			for b.Loop() {
				if err := way.predict(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(pipeline.PeakRSS())/1e6, "peak_MB")
		})
	}
}
