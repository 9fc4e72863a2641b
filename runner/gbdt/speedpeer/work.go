package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"mlops/runner/gbdt"
	"mlops/runner/table"
)

func (p *peer) params(q question) (gbdt.Params, error) {
	params := gbdt.DefaultParams()
	params.Objective, params.NumIterations, params.NumThreads = gbdt.Binary, q.Trees, q.Threads
	return gbdt.ParseParams(params, q.Params)
}

func (p *peer) train(q question) (answer, error) {
	runtime.GOMAXPROCS(q.Threads)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	params, err := p.params(q)
	if err != nil {
		return nil, err
	}
	p.model = nil
	runtime.GC()
	start := time.Now()
	d, err := gbdt.NewDataset(context.Background(), p.features, p.label, nil, params)
	if err != nil {
		return nil, err
	}
	binned := time.Now()
	if p.model, err = gbdt.Train(context.Background(), d, nil, params); err != nil {
		return nil, err
	}
	done := time.Now()
	_, peak, err := resident()
	return answer{"binning": binned.Sub(start).Seconds(), "seconds": done.Sub(binned).Seconds(), "peak": peak}, err
}

func (p *peer) open(path string) (answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p.model, err = gbdt.ReadText(f)
	return answer{}, err
}

func (p *peer) predict(q question) (answer, error) {
	runtime.GOMAXPROCS(q.Threads)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	columns := make([][]float64, len(p.dense))
	for i, c := range p.dense {
		columns[i] = c[:q.Rows]
	}
	start := time.Now()
	out, err := p.model.PredictRaw(columns)
	if err != nil {
		return nil, err
	}
	seconds := time.Since(start).Seconds()
	sum := 0.0
	for _, v := range out {
		sum += v
	}
	return answer{"seconds": seconds, "sum": sum}, nil
}

// row gives the microseconds of a row's prediction alone and, of processor
// time, in eight goroutines at once.
func (p *peer) row() (answer, error) {
	const rows, each = 1000, 20
	table := make([][]float64, rows)
	for i := range table {
		for _, c := range p.dense {
			table[i] = append(table[i], c[i])
		}
	}
	pass := func() {
		out := make([]float64, 1)
		for range each {
			for _, row := range table {
				p.model.PredictRow(row, out)
			}
		}
	}
	pass()
	start := time.Now()
	pass()
	one := time.Since(start).Seconds() / rows / each * 1e6
	start = time.Now()
	var all sync.WaitGroup
	for range 8 {
		all.Go(pass)
	}
	all.Wait()
	eight := time.Since(start).Seconds() / rows / each / 8 * float64(min(8, runtime.GOMAXPROCS(0))) * 1e6
	out := make([]float64, 1)
	allocs := testing.AllocsPerRun(100, func() { p.model.PredictRow(table[0], out) })
	return answer{"one": one, "eight": eight, "allocs": allocs}, nil
}

// readCSV times a file's way to binned data.
func readCSV(q question) (answer, error) {
	runtime.GOMAXPROCS(q.Threads)
	defer runtime.GOMAXPROCS(runtime.NumCPU())
	runtime.GC()
	start := time.Now()
	t, err := table.ReadFile(context.Background(), q.Path, table.ReadOptions{})
	if err != nil {
		return nil, err
	}
	features := make([]gbdt.Feature, 0, t.NumColumns()-1)
	for i := 1; i < t.NumColumns(); i++ {
		c := t.Columns()[i]
		features = append(features, gbdt.Feature{Name: c.Name(), Values: c.Floats()})
	}
	params := gbdt.DefaultParams()
	params.NumThreads = q.Threads
	label := make([]float64, t.NumRows())
	for i, v := range t.Columns()[0].Ints() {
		label[i] = float64(v)
	}
	if _, err := gbdt.NewDataset(context.Background(), features, label, nil, params); err != nil {
		return nil, fmt.Errorf("bin: %w", err)
	}
	return answer{"seconds": time.Since(start).Seconds()}, nil
}
