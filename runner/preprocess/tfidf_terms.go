package preprocess

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"mlops/runner/table"
)

// rowsOfTexts lists the rows of each distinct text of a column.
func rowsOfTexts(c *table.Column) [][]int {
	sizes := make([]int, len(c.Dict()))
	for i, code := range c.Codes() {
		if !c.IsNull(i) {
			sizes[code]++
		}
	}
	all := make([]int, 0, c.Len())
	rows := make([][]int, len(sizes))
	for code, n := range sizes {
		rows[code] = all[len(all) : len(all) : len(all)+n]
		all = all[:len(all)+n]
	}
	for i, code := range c.Codes() {
		if !c.IsNull(i) {
			rows[code] = append(rows[code], i)
		}
	}
	return rows
}

// termCount tells how often a term occurs and in how many rows.
type termCount struct {
	total, rows int
}

// maxTerms bounds the distinct terms that are counted before the vocabulary is
// cut down.
const maxTerms = 5_000_000

// count counts terms, or what key makes of them, over the rows of a column.
func count[K comparable](ctx context.Context, t *tokenizer, c *table.Column, rows [][]int, key func(term string) K) (map[K]termCount, error) {
	counts := map[K]termCount{}
	for code, of := range rows {
		if len(of) == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		seen := map[K]bool{}
		t.terms(c.Dict()[code], func(term string) {
			k := key(term)
			n := counts[k]
			n.total += len(of)
			if !seen[k] {
				seen[k] = true
				n.rows += len(of)
			}
			counts[k] = n
		})
		if len(counts) > maxTerms {
			return nil, &ColumnError{Column: c.Name(), Reason: fmt.Sprintf("it has more than %d distinct terms; narrow ngram_range, or set hashing: true", maxTerms)}
		}
	}
	return counts, nil
}

// vocabulary chooses the terms, in sorted order. Of terms that occur equally
// often max_features keeps the first.
func (t *tfidf) vocabulary(column string, counts map[string]termCount, rows int) ([]string, error) {
	bound := func(df float64) float64 {
		if df < 1 {
			return df * float64(rows)
		}
		return df
	}
	least, most := bound(t.params.MinDF), math.Inf(1)
	if t.params.MaxDF != nil {
		most = bound(*t.params.MaxDF)
	}
	var terms []string
	for term, n := range counts {
		if float64(n.rows) >= least && float64(n.rows) <= most {
			terms = append(terms, term)
		}
	}
	if len(terms) == 0 {
		return nil, &ColumnError{Column: column, Reason: fmt.Sprintf("of its %d terms none is left; lower min_df, raise max_df, or look at token_pattern and stop_words", len(counts))}
	}
	slices.Sort(terms)
	if limit := t.params.MaxFeatures; limit != nil && *limit < len(terms) {
		slices.SortStableFunc(terms, func(a, b string) int { return cmp.Compare(counts[b].total, counts[a].total) })
		terms = terms[:*limit]
		slices.Sort(terms)
	}
	return clone(terms), nil
}

// weight is that of one of a text's terms.
type weight struct {
	at    int
	value float64
}

// finder tells a term's column, or -1, and the sign that it counts with.
func (s *tfidfState) finder(i int) func(term string) (at int, sign float64) {
	if s.Hashing != nil {
		return s.Hashing.find
	}
	index := make(map[string]int, len(s.Columns[i].Terms))
	for at, term := range s.Columns[i].Terms {
		index[term] = at
	}
	return func(term string) (int, float64) {
		if at, ok := index[term]; ok {
			return at, 1
		}
		return -1, 0
	}
}

// weights of a text's terms, by column.
func (s *tfidfState) weights(i int, text string, find func(term string) (int, float64)) []weight {
	counts := map[int]float64{}
	s.tokens.terms(text, func(term string) {
		if at, sign := find(term); at >= 0 {
			counts[at] += sign
		}
	})
	out := make([]weight, 0, len(counts))
	for at, n := range counts {
		if n == 0 { // terms of one hashed column that cancel out
			continue
		}
		switch {
		case s.Weighting.Binary:
			n = 1
		case s.Weighting.Sublinear:
			n = math.Copysign(math.Log(math.Abs(n))+1, n)
		}
		out = append(out, weight{at, n})
	}
	slices.SortFunc(out, func(a, b weight) int { return cmp.Compare(a.at, b.at) })
	norm := 0.0
	for k := range out {
		if idf := s.Columns[i].IDF; idf != nil {
			out[k].value *= float64(idf[out[k].at])
		}
		switch s.Weighting.Norm {
		case "l2":
			norm += out[k].value * out[k].value
		case "l1":
			norm += math.Abs(out[k].value)
		}
	}
	if s.Weighting.Norm == "l2" {
		norm = math.Sqrt(norm)
	}
	if norm > 0 {
		for k := range out {
			out[k].value /= norm
		}
	}
	return out
}
