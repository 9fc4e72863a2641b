package preprocess

import (
	"math"
	"slices"

	"mlops/runner/config"
)

// tfidfParams are the parameters of text_tfidf, by the names of scikit-learn's
// TfidfVectorizer and HashingVectorizer and with their defaults.
type tfidfParams struct {
	// Columns of text. Each becomes columns NAME_TERM of its own.
	Columns []string `yaml:"columns" needed:"true" doc:"Columns of text. Each becomes columns NAME_TERM of its own." example:"[note]"`
	// Lowercase texts first.
	Lowercase bool `yaml:"lowercase" doc:"Make texts lowercase first."`
	// TokenPattern finds the tokens: a regular expression (RE2).
	TokenPattern string `yaml:"token_pattern" doc:"Regular expression (RE2) that finds the tokens."`
	// NgramRange are the least and the greatest number of tokens of a term.
	NgramRange []int `yaml:"ngram_range" doc:"Least and greatest number of tokens of a term, from 1 to 10."`
	// StopWords are tokens to leave out.
	StopWords []string `yaml:"stop_words" doc:"Tokens to leave out." example:"[the, and]"`
	// MaxFeatures keeps the terms that occur most often.
	MaxFeatures *int `yaml:"max_features" range:"[1,50000]" doc:"Keep so many terms, those that occur most often." example:"2000"`
	// MinDF and MaxDF bound the rows that a term is in: a count of at least 1, or a
	// fraction of the rows below 1. MaxDF not given: no bound.
	MinDF float64  `yaml:"min_df" range:"[0,1e9]" doc:"Leave out terms of fewer rows: a count of at least 1, or a fraction of the rows below 1."`
	MaxDF *float64 `yaml:"max_df" range:"(0,1e9]" doc:"Leave out terms of more rows: a count of at least 1, or a fraction of the rows below 1." example:"0.5"`
	// Vocabulary gives the terms, instead of those of the training rows.
	Vocabulary []string `yaml:"vocabulary" doc:"The terms, 1 to 50,000, in the place of those of the training rows." example:"[broken, late, refund]"`
	// Hashing makes n_features columns of hashed terms, instead of a vocabulary.
	Hashing   bool `yaml:"hashing" doc:"Make n_features columns of hashed terms, without a vocabulary."`
	NFeatures int  `yaml:"n_features" range:"[1,50000]" doc:"Number of columns, with hashing." with:"hashing: true"`
	// AlternateSign lets terms that fall into one column cancel out.
	AlternateSign bool `yaml:"alternate_sign" doc:"With hashing: let terms that fall into one column cancel out." with:"hashing: true"`
	// Binary counts a term once a row.
	Binary bool `yaml:"binary" doc:"Count a term once a row."`
	// SublinearTF takes 1 + ln(count).
	SublinearTF bool `yaml:"sublinear_tf" doc:"Take 1 + ln(count) in the place of the count."`
	// UseIDF weighs a term by ln(rows / rows with it) + 1, SmoothIDF as if one more
	// row had every term.
	UseIDF    bool `yaml:"use_idf" doc:"Weigh a term by ln(rows / rows with it) + 1."`
	SmoothIDF bool `yaml:"smooth_idf" doc:"Weigh as if one more row had every term."`
	// Norm that each row of a column's terms gets.
	Norm string `yaml:"norm" enum:"l2|l1|none" doc:"Norm that each row of a column's terms gets."`
}

type tfidf struct {
	step   config.Step
	params tfidfParams
}

func newTextTfidf(step config.Step) (Fitter, error) {
	params, err := config.DecodeParamsOver(step, tfidfParams{
		Lowercase: true, TokenPattern: defaultTokenPattern, NgramRange: []int{1, 1}, MinDF: 1, NFeatures: 1024, AlternateSign: true,
		UseIDF: true, SmoothIDF: true, Norm: "l2",
	})
	if err != nil {
		return nil, err
	}
	t := &tfidf{step: step, params: params}
	if err := t.checkParams(); err != nil {
		return nil, err
	}
	if _, err := newTokenizer(t.options()); err != nil {
		return nil, step.ErrorAt("token_pattern", "%v", err)
	}
	return t, nil
}

// maxNgram bounds the tokens of a term, and with it the work on a text.
const maxNgram = 10

func (t *tfidf) checkParams() error {
	p := t.params
	if len(p.Columns) == 0 {
		return t.step.ErrorAt("columns", "text_tfidf needs columns: the names of columns of text")
	}
	if r := p.NgramRange; len(r) != 2 || r[0] < 1 || r[0] > r[1] || r[1] > maxNgram {
		return t.step.ErrorAt("ngram_range", "must be two numbers from 1 to %d, the greater one last, such as [1, 2]", maxNgram)
	}
	for _, bound := range []struct {
		key string
		df  *float64
	}{{"min_df", &p.MinDF}, {"max_df", p.MaxDF}} {
		if bound.df != nil && *bound.df > 1 && *bound.df != math.Trunc(*bound.df) {
			return t.step.ErrorAt(bound.key, "must be a fraction below 1 or a whole number of rows, not %v", *bound.df)
		}
	}
	var chosen string // by what the terms are chosen, instead of by the rows
	switch {
	case p.Hashing && p.Vocabulary != nil:
		return t.step.ErrorAt("vocabulary", "has no meaning together with hashing")
	case p.Hashing:
		chosen = "hashing"
	case p.Vocabulary != nil:
		chosen = "vocabulary"
	}
	for _, key := range []string{"max_features", "min_df", "max_df"} {
		if _, given := t.step.Params[key]; given && chosen != "" {
			return t.step.ErrorAt(key, "has no meaning together with %s", chosen)
		}
	}
	for _, key := range []string{"n_features", "alternate_sign"} {
		if _, given := t.step.Params[key]; given && !p.Hashing {
			return t.step.ErrorAt(key, "has a meaning with hashing: true only")
		}
	}
	if p.Vocabulary != nil && (len(p.Vocabulary) == 0 || len(p.Vocabulary) > maxColumns) {
		return t.step.ErrorAt("vocabulary", "must list 1 to %d terms, not %d", maxColumns, len(p.Vocabulary))
	}
	sorted := slices.Sorted(slices.Values(p.Vocabulary))
	for i := 1; i < len(sorted); i++ {
		if sorted[i] == sorted[i-1] {
			return t.step.ErrorAt("vocabulary", "the term %q is given twice", shorten(sorted[i]))
		}
	}
	return nil
}

func (t *tfidf) options() tokenOptions {
	p := t.params
	return tokenOptions{
		Lowercase: p.Lowercase, TokenPattern: p.TokenPattern, Ngrams: [2]int{p.NgramRange[0], p.NgramRange[1]},
		StopWords: slices.Compact(slices.Sorted(slices.Values(p.StopWords))),
	}
}
