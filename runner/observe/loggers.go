package observe

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"mlops/runner/config"
	"mlops/runner/table"
)

// Columns of a table of single rows' predictions.
const (
	rowIDColumn       = "row_id"
	predictionColumn  = "prediction"
	probabilityColumn = "probability_" // and the class
)

// metricsLogger records each training's metrics.
type metricsLogger struct {
	Base
	limits Limits
}

func newMetricsLogger(s config.Step) (Step, error) {
	p, err := config.DecodeParams[limitParams](s)
	if err != nil {
		return nil, err
	}
	l, err := limits(s, p.MaxBytes, p.MaxSegments, p.MaxAge)
	return metricsLogger{limits: l}, err
}

// Trained appends to the metrics history.
func (m metricsLogger) Trained(ctx context.Context, s Store, e MetricsEntry) error {
	return s.AppendMetrics(ctx, e, m.limits)
}

// predictionsLogger records each predict call and, where asked, its rows.
type predictionsLogger struct {
	Base
	limits     Limits
	rows       bool
	rowID      string
	sampleRate float64
	proba      bool
}

type predictionsParams struct {
	MaxBytes    int     `yaml:"max_bytes" range:"[0,)" doc:"Bytes at which a segment of the log is closed; 0 means 8 MiB, and 64 MiB for rows." example:"1048576"`
	MaxSegments int     `yaml:"max_segments" range:"[0,1000]" doc:"Closed segments that are kept; 0 means 4."`
	MaxAge      string  `yaml:"max_age" doc:"Closed segments whose newest entry is older go: a time such as 90s, 12h or 7d; not given: 400d." example:"90d"`
	Rows        bool    `yaml:"rows" doc:"Also record single rows." example:"true"`
	RowID       string  `yaml:"row_id" doc:"Column of the data that identifies a row; it need not be a feature. Not given: the row's number in its call. With rows." example:"customer" with:"rows: true"`
	SampleRate  float64 `yaml:"sample_rate" range:"(0,1]" doc:"Share of the rows that is recorded, decided by the identifier. With rows." example:"0.1" with:"rows: true"`
	Proba       bool    `yaml:"proba" doc:"Also record the classes' probabilities. With rows." example:"true" with:"rows: true"`
}

func newPredictionsLogger(s config.Step) (Step, error) {
	p, err := config.DecodeParamsOver(s, predictionsParams{SampleRate: 1})
	if err != nil {
		return nil, err
	}
	if !p.Rows && (p.RowID != "" || p.SampleRate != 1 || p.Proba) {
		return nil, s.ErrorAt("rows", "row_id, sample_rate and proba are about single rows; set rows: true to record them")
	}
	l, err := limits(s, p.MaxBytes, p.MaxSegments, p.MaxAge)
	return predictionsLogger{limits: l, rows: p.Rows, rowID: p.RowID, sampleRate: p.SampleRate, proba: p.Proba}, err
}

// Columns asks for the column that identifies a row.
func (l predictionsLogger) Columns() []string {
	if l.rowID == "" {
		return nil
	}
	return []string{l.rowID}
}

// Predicted appends to the prediction log, and the rows to theirs.
func (l predictionsLogger) Predicted(ctx context.Context, p *Prediction) error {
	if err := p.Store.AppendPrediction(ctx, p.Entry, l.limits); err != nil {
		return err
	}
	if !l.rows {
		return nil
	}
	rows, err := l.table(p)
	if err != nil {
		return fmt.Errorf("record the rows: %w", err)
	}
	if rows.NumRows() == 0 {
		return nil
	}
	return p.Store.AppendRows(ctx, RowsEntry{Time: p.Entry.Time, TaskID: p.Entry.TaskID, Table: rows}, l.limits)
}

// table makes the rows that are recorded. A row without an identifier is known by
// its call and its number.
func (l predictionsLogger) table(p *Prediction) (*table.Table, error) {
	var own *table.Column
	if l.rowID != "" {
		if own = p.Table.Column(l.rowID); own == nil {
			return nil, &table.MissingColumnError{Name: l.rowID, Have: p.Table.Names()}
		}
	}
	var keep []int
	var ids []string
	for i := range p.Values.Len() {
		id := strconv.Itoa(i + 1)
		switch {
		case own != nil && !own.IsNull(i):
			id = idText(own, i)
		case p.Entry.TaskID != "":
			id = p.Entry.TaskID + "/" + id
		}
		if l.sampled(id) {
			keep, ids = append(keep, i), append(ids, id)
		}
	}
	columns := []*table.Column{table.NewString(rowIDColumn, ids, nil), p.Values.Take(keep).Rename(predictionColumn)}
	if l.proba {
		for k, class := range p.Classes {
			values := make([]float64, len(keep))
			for j, i := range keep {
				values[j] = p.Proba[i*len(p.Classes)+k]
			}
			columns = append(columns, table.NewFloat64(probabilityColumn+class, values, nil))
		}
	}
	return table.New(columns...)
}

// idText writes an identifier as it stood in the data: a column of whole numbers
// that the model uses, too, was read as numbers.
func idText(c *table.Column, i int) string {
	if c.Kind() == table.Float64 {
		return strconv.FormatFloat(c.Floats()[i], 'f', -1, 64)
	}
	return c.Text(i)
}

// sampled decides by the identifier alone, so that a row is recorded each time or
// never.
func (l predictionsLogger) sampled(id string) bool {
	return l.sampleRate >= 1 || float64(xxhash.Sum64String(id)) < l.sampleRate*math.MaxUint64
}
