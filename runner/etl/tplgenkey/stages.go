package tplgenkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/table"
)

// batch is a run of a case's time steps.
type batch struct {
	c    *caseFile
	rows *table.Table
}

// caseFile is a case that is read.
type caseFile struct {
	reader *olga.Reader
	keep   []olga.Trend // the trends that are kept, in the file's order
	label  string       // the label's trend; "" without labels
	signed bool         // the label's sign says which way the leak flows
	above  float64

	// Of what is written:
	rows       int64
	start, end float64
	leaking    int64

	keywords *keywordFile // nil: the case has none that could be read
	leakage  leakage
}

// extractor reads trend files.
type extractor struct {
	settings Settings
	turns    chan struct{} // holds one of each case that is read; nil: any number may be
}

// Extract streams a case.
func (x extractor) Extract(ctx context.Context, w *etl.Work) etl.Batches[batch] {
	return func(yield func(batch, error) bool) {
		if x.turns != nil {
			select {
			case x.turns <- struct{}{}:
				defer func() { <-x.turns }()
			case <-ctx.Done():
				yield(batch{}, context.Cause(ctx))
				return
			}
		}
		in := w.Item.Inputs[0]
		file, err := w.Open(ctx, in)
		if err != nil {
			yield(batch{}, err)
			return
		}
		defer file.Close()
		c := &caseFile{above: x.settings.LabelAbove, start: math.NaN()}
		if c.reader, err = olga.NewReader(file, in.Location); err == nil {
			err = c.choose(x.settings)
		}
		if err == nil {
			c.keywords, err = x.readKeywords(ctx, w)
		}
		for err == nil {
			b := batch{c: c}
			if b.rows, err = c.reader.Read(x.settings.BatchSize); err == nil && !yield(b, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) {
			yield(batch{}, err)
			return
		}
		for _, warning := range c.reader.Warnings() {
			w.Warnf(ctx, "%s: %s", in.Name, warning)
		}
		if c.reader.Rows() == 0 {
			yield(batch{}, etl.Skip("the file has a catalog and no time step"))
		}
	}
}

// choose finds the trends that are kept, and the label's.
func (c *caseFile) choose(s Settings) error {
	pattern := s.LabelTrend
	if pattern == "" {
		pattern = olga.LeakFlows
	}
	var labels []string
	for _, t := range c.reader.Trends {
		if etl.Matches(t.Name, pattern) {
			labels = append(labels, t.Name)
		}
	}
	switch {
	case len(labels) == 1:
		c.label, c.signed = labels[0], etl.Matches(labels[0], olga.LeakFlows)
	case s.LabelTrend != "":
		return fmt.Errorf("label_trend %q is the name of %d trends, and must be that of one; there are %s", pattern, len(labels), c.names())
	}
	for _, pattern := range s.SelectedColumns {
		if !c.has(pattern) {
			return fmt.Errorf("selected_columns: no trend is called %q; there are %s", pattern, c.names())
		}
	}
	for _, t := range c.reader.Trends {
		if s.SelectedColumns == nil && t.Name != c.label && !etl.Matches(t.Name, olga.LeakTrends()...) || etl.Matches(t.Name, s.SelectedColumns...) {
			c.keep = append(c.keep, t)
		}
	}
	if len(c.keep) == 0 {
		return errors.New("no trend is left but the labels; name some in selected_columns")
	}
	return nil
}

func (c *caseFile) has(pattern string) bool {
	for _, t := range c.reader.Trends {
		if etl.Matches(t.Name, pattern) {
			return true
		}
	}
	return false
}

func (c *caseFile) names() string {
	return listed(c.reader.Trends, func(t olga.Trend) string { return t.Name })
}

// selectColumns keeps what was chosen and makes the label.
func selectColumns(_ context.Context, _ *etl.Work, b batch) (batch, error) {
	columns := []*table.Column{b.rows.Column(olga.TimeColumn)}
	for _, t := range b.c.keep {
		columns = append(columns, b.rows.Column(t.Name))
	}
	if b.c.label != "" {
		values := b.rows.Column(b.c.label).Floats()
		labels := make([]int64, len(values))
		for i, v := range values {
			if b.c.isLeak(v) {
				labels[i] = 1
			}
		}
		columns = append(columns, table.NewInt64(labelColumn, labels, nil))
	}
	var err error
	b.rows, err = table.New(columns...)
	return b, err
}

// loader writes a case and its row of the index.
type loader struct{}

// IndexPart is where a case's row of the index stands, within the folder of the cases.
func IndexPart(name string) string { return "metadata/cases/" + name + ".parquet" }

// trendsKey is the key of the trends in a file's metadata.
const trendsKey = "olga.trends"

// Load writes the case as it comes.
func (loader) Load(ctx context.Context, w *etl.Work, in etl.Batches[batch]) error {
	next, stop := iter.Pull2(in)
	defer stop()
	first, err, _ := next()
	if err != nil {
		return err
	}
	c := first.c
	about, err := json.Marshal(struct {
		olga.Header
		Trends []olga.Trend
	}{c.reader.Header, c.keep})
	if err != nil {
		return err
	}
	rows := func(yield func(*table.Table, error) bool) {
		b, more := first, true
		for ; more; b, err, more = next() {
			if !yield(b.rows, err) || err != nil {
				return
			}
		}
	}
	metadata, err := c.metadata(about)
	if err != nil {
		return err
	}
	err = w.CreateTable(ctx, w.Item.Name+".parquet", rows, table.WriteOptions{Metadata: metadata})
	if err != nil {
		return err
	}
	return w.Create(ctx, IndexPart(w.Item.Name), func(out io.Writer) error {
		entry, err := c.entry(w)
		if err != nil {
			return err
		}
		return table.Write(out, entry, table.WriteOptions{Format: table.Parquet, Compression: etl.PartCompression})
	})
}

// entry is the case's row of the index.
func (c *caseFile) entry(w *etl.Work) (*table.Table, error) {
	genkey, unpaired := "", true
	if len(w.Item.Inputs) > 1 {
		genkey, unpaired = strings.TrimPrefix(w.Item.Inputs[1].Name, keywords+": "), false
	}
	rows := c.rows
	return table.New(append([]*table.Column{
		table.NewString("case", []string{w.Item.Name}, nil),
		table.NewString("tpl", []string{w.Item.Inputs[0].Name}, nil),
		table.NewString("genkey", []string{genkey}, []bool{unpaired}),
		table.NewString("version", []string{c.reader.Version}, nil),
		table.NewInt64("rows", []int64{rows}, nil),
		table.NewInt64("trends", []int64{int64(len(c.reader.Trends))}, nil),
		table.NewFloat64("start_time", []float64{c.start}, nil),
		table.NewFloat64("end_time", []float64{c.end}, nil),
		table.NewInt64("leak_rows", []int64{c.leaking}, []bool{c.label == ""}),
		table.NewFloat64("leak_share", []float64{float64(c.leaking) / float64(rows)}, []bool{c.label == ""}),
	}, c.keywordColumns()...)...)
}

// indexFile is the index of all cases.
const indexFile = "metadata/cases.parquet"

// Gather makes the index.
func (p *pipeline) Gather(ctx context.Context, w *etl.Work, outcomes []etl.Outcome) error {
	if err := p.gatherQuality(ctx, w, outcomes); err != nil {
		return err
	}
	part := func(o etl.Outcome) *etl.Output { return o.Output(IndexPart(o.Item)) }
	for _, o := range outcomes {
		if part(o) != nil {
			return w.CreateTable(ctx, indexFile, etl.OutputTables(ctx, w, outcomes, 1024, part), table.WriteOptions{})
		}
	}
	return etl.Skip("no case has rows")
}
