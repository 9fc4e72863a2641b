package preprocess

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"mlops/runner/strictjson"
	"mlops/runner/table"
)

// weighting is how counts become weights.
type weighting struct {
	Binary    bool   `json:"binary"`
	Sublinear bool   `json:"sublinear_tf"`
	Norm      string `json:"norm"`
}

// tfidfState is the fitted step.
type tfidfState struct {
	Tokens    tokenOptions  `json:"tokens"`
	Weighting weighting     `json:"weighting"`
	Hashing   *hashing      `json:"hashing,omitempty"`
	Columns   []columnTerms `json:"columns"`

	tokens *tokenizer
}

// columnTerms are a text column's terms in the order of their columns, and the
// weight of each.
type columnTerms struct {
	Name  string   `json:"name"`
	Terms []string `json:"terms,omitempty"` // none with hashing
	IDF   []number `json:"idf,omitempty"`   // none without use_idf
}

// Fit learns each column's vocabulary and the weights of its terms.
func (t *tfidf) Fit(ctx context.Context, in Frame) (Transformer, error) {
	columns, err := pick(t.step, t.params.Columns, in)
	if err != nil {
		return nil, err
	}
	p := t.params
	out := &tfidfState{Tokens: t.options(), Weighting: weighting{Binary: p.Binary, Sublinear: p.SublinearTF, Norm: p.Norm}}
	if p.Hashing {
		out.Hashing = &hashing{Features: p.NFeatures, AlternateSign: p.AlternateSign}
	}
	if out.tokens, err = newTokenizer(out.Tokens); err != nil {
		return nil, err
	}
	width := 0
	for i, c := range columns {
		if c.Kind() != table.String {
			return nil, t.step.ErrorAt(fmt.Sprintf("columns[%d]", i), "column %q holds numbers; text_tfidf takes text", c.Name())
		}
		if err := checkUTF8(c.Name(), usedTexts(c)); err != nil {
			return nil, err
		}
		fitted, err := t.fitColumn(ctx, out, c)
		if err != nil {
			return nil, err
		}
		out.Columns = append(out.Columns, fitted)
		width += out.width(i)
		if err := checkWide(c.Name(), in.Table.NumRows(), width, t.remedy()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *tfidf) remedy() string {
	if t.params.Hashing {
		return "lower n_features"
	}
	return "set or lower max_features, or raise min_df"
}

func (t *tfidf) fitColumn(ctx context.Context, s *tfidfState, c *table.Column) (columnTerms, error) {
	out := columnTerms{Name: c.Name()}
	rows := rowsOfTexts(c)
	var documents []int // rows that each term is in
	switch {
	case s.Hashing != nil:
		counts, err := count(ctx, s.tokens, c, rows, s.Hashing.index)
		if err != nil {
			return out, err
		}
		documents = make([]int, s.Hashing.Features)
		for at, n := range counts {
			documents[at] = n.rows
		}
	case t.params.Vocabulary != nil:
		out.Terms = t.params.Vocabulary
		at := make(map[string]int, len(out.Terms))
		for i, term := range out.Terms {
			at[term] = i
		}
		counts, err := count(ctx, s.tokens, c, rows, itself[string])
		if err != nil {
			return out, err
		}
		documents = make([]int, len(out.Terms))
		for term, i := range at {
			documents[i] = counts[term].rows
		}
	default:
		counts, err := count(ctx, s.tokens, c, rows, itself[string])
		if err != nil {
			return out, err
		}
		if out.Terms, err = t.vocabulary(c.Name(), counts, c.Len()); err != nil {
			return out, err
		}
		documents = make([]int, len(out.Terms))
		for i, term := range out.Terms {
			documents[i] = counts[term].rows
		}
	}
	if t.params.UseIDF {
		out.IDF = make([]number, len(documents))
		for i, n := range documents {
			out.IDF[i] = number(t.idf(n, c.Len()))
		}
	}
	return out, nil
}

// idf of a term that is in some of the rows. Without smoothing a term that is in
// none, of a given vocabulary or by hashing, weighs as if it were in one.
func (t *tfidf) idf(documents, rows int) float64 {
	if t.params.SmoothIDF {
		return math.Log(float64(rows+1)/float64(documents+1)) + 1
	}
	return math.Log(float64(rows)/float64(max(1, documents))) + 1
}

// width is the number of columns that one becomes.
func (s *tfidfState) width(i int) int {
	if s.Hashing != nil {
		return s.Hashing.Features
	}
	return len(s.Columns[i].Terms)
}

// outputs names them.
func (s *tfidfState) outputs(i int) []string {
	names := make([]string, s.width(i))
	for k := range names {
		if s.Hashing != nil {
			names[k] = fmt.Sprintf("%s_%d", s.Columns[i].Name, k)
		} else {
			names[k] = s.Columns[i].Name + "_" + s.Columns[i].Terms[k]
		}
	}
	return names
}

// Transform puts the weights of terms in the place of texts. A missing cell has
// no terms.
func (s *tfidfState) Transform(ctx context.Context, in Frame, _ Mode) (Frame, error) {
	names := make([]string, len(s.Columns))
	width := 0
	for i, c := range s.Columns {
		names[i] = c.Name
		width += s.width(i)
		if err := checkWide(c.Name, in.Table.NumRows(), width, "set or lower max_features or n_features"); err != nil {
			return Frame{}, err
		}
	}
	return in.expand(ctx, names, func(i int, c *table.Column) ([]*table.Column, error) {
		if c.Kind() != table.String {
			return nil, otherKind("text_tfidf", c)
		}
		find := s.finder(i)
		values := wideValues(c.Len(), s.width(i))
		texts := rowsOfTexts(c)
		for code, rows := range texts {
			if len(rows) == 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			for _, w := range s.weights(i, c.Dict()[code], find) {
				for _, row := range rows {
					values[w.at][row] = w.value
				}
			}
		}
		return wideColumns(s.outputs(i), values), nil
	})
}

// MarshalJSON gives the state.
func (s *tfidfState) MarshalJSON() ([]byte, error) {
	type plain tfidfState
	return json.Marshal((*plain)(s))
}

func loadTextTfidf(state json.RawMessage) (Transformer, error) {
	type plain tfidfState
	var p plain
	if err := strictjson.Decode(state, &p); err != nil {
		return nil, err
	}
	s := (*tfidfState)(&p)
	var err error
	if s.tokens, err = newTokenizer(s.Tokens); err != nil {
		return nil, fmt.Errorf("token_pattern: %w", err)
	}
	n := s.Tokens.Ngrams
	switch {
	case n[0] < 1 || n[0] > n[1] || n[1] > maxNgram:
		return nil, errors.New("the range of n-grams is not one")
	case !slices.Contains([]string{"l2", "l1", "none"}, s.Weighting.Norm):
		return nil, fmt.Errorf("unknown norm %q", shorten(s.Weighting.Norm))
	case s.Hashing != nil && (s.Hashing.Features < 1 || s.Hashing.Features > maxColumns):
		return nil, fmt.Errorf("%d hashed features; there must be 1 to %d", s.Hashing.Features, maxColumns)
	}
	if err := checkNames(s.Columns, func(c columnTerms) string { return c.Name }); err != nil {
		return nil, err
	}
	for i, c := range s.Columns {
		terms := slices.Sorted(slices.Values(c.Terms))
		switch {
		case (s.Hashing == nil) != (len(c.Terms) > 0) || len(c.Terms) > maxColumns || !ascending(terms):
			return nil, fmt.Errorf("column %q: the terms are missing, too many or given twice", shorten(c.Name))
		case c.IDF != nil && len(c.IDF) != s.width(i):
			return nil, fmt.Errorf("column %q: %d weights for %d terms", shorten(c.Name), len(c.IDF), s.width(i))
		case slices.ContainsFunc(c.IDF, func(v number) bool { return math.Abs(float64(v)) > maxSummable }):
			return nil, fmt.Errorf("column %q: a weight is infinite or too large", shorten(c.Name))
		}
	}
	return s, nil
}
