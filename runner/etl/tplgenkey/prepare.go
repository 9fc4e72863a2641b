package tplgenkey

import (
	"context"
	"math"

	"mlops/runner/etl"
	"mlops/runner/olga"
)

// preparer makes a case of a trend file's rows: they are looked through as they are,
// then the trends are chosen, then they are brought to a fixed step, and what the
// instruments show of them comes last.
type preparer struct{ settings Settings }

// Transform streams a case.
func (x preparer) Transform(ctx context.Context, w *etl.Work, in etl.Batches[batch]) etl.Batches[batch] {
	in = x.inspected(ctx, w, in)
	in = etl.Map[batch, batch](selectColumns).Transform(ctx, w, in)
	in = x.settings.Resample.resampled(in)
	in = x.noised(ctx, w, in)
	return etl.Map[batch, batch](count).Transform(ctx, w, in)
}

// count counts the rows that are written, for the index.
func count(_ context.Context, _ *etl.Work, b batch) (batch, error) {
	times := b.rows.Column(olga.TimeColumn).Floats()
	if math.IsNaN(b.c.start) {
		b.c.start = times[0]
	}
	b.c.end = times[len(times)-1]
	b.c.rows += int64(len(times))
	if labels := b.rows.Column(labelColumn); labels != nil && b.c.label != "" {
		for i, v := range labels.Ints() {
			if v == 1 && !labels.IsNull(i) {
				b.c.leaking++
			}
		}
	}
	return b, nil
}
