package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"unsafe"

	"mlops/runner/gbdt"
)

// peer holds the data and the model that the questions are about.
type peer struct {
	features []gbdt.Feature
	label    []float64
	dense    [][]float64 // the same columns, where they are dense
	model    *gbdt.Model
}

const magic = "GBDTSPD1"

type header struct {
	Rows        int   `json:"rows"`
	Columns     int   `json:"columns"`
	Categorical []int `json:"categorical"`
	Sparse      bool  `json:"sparse"`
}

// load reads the file that write_data of gbdt_speed.py wrote.
func (p *peer) load(path string) (answer, error) {
	*p = peer{}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, 1<<20)
	start := make([]byte, 16)
	if _, err := io.ReadFull(r, start); err != nil {
		return nil, err
	}
	if string(start[:8]) != magic {
		return nil, fmt.Errorf("%s is not made by gbdt_speed.py", path)
	}
	raw := make([]byte, binary.LittleEndian.Uint64(start[8:]))
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, err
	}
	if p.label, err = numbers[float64](r, h.Rows); err != nil {
		return nil, err
	}
	p.features = make([]gbdt.Feature, h.Columns)
	for i := range p.features {
		p.features[i].Name = fmt.Sprintf("Column_%d", i)
	}
	for _, i := range h.Categorical {
		p.features[i].Categorical = true
	}
	if h.Sparse {
		err = p.loadSparse(r, h.Rows)
	} else {
		err = p.loadDense(r, h.Rows)
	}
	if err != nil {
		return nil, err
	}
	runtime.GC()
	now, _, err := resident()
	return answer{"rss": now}, err
}

func (p *peer) loadDense(r io.Reader, rows int) (err error) {
	for i := range p.features {
		if p.features[i].Values, err = numbers[float64](r, rows); err != nil {
			return err
		}
		p.dense = append(p.dense, p.features[i].Values)
	}
	return nil
}

// numbers reads n little-endian numbers.
func numbers[T float64 | int64 | int32 | uint32](r io.Reader, n int) ([]T, error) {
	out := make([]T, n)
	if n == 0 {
		return out, nil
	}
	bytes := unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), n*int(unsafe.Sizeof(out[0])))
	_, err := io.ReadFull(r, bytes)
	return out, err
}

func (p *peer) loadSparse(r io.Reader, rows int) error {
	starts, err := numbers[int64](r, len(p.features)+1)
	if err != nil {
		return err
	}
	at, err := numbers[uint32](r, int(starts[len(starts)-1]))
	if err != nil {
		return err
	}
	values, err := numbers[float64](r, len(at))
	if err != nil {
		return err
	}
	for i := range p.features {
		from, to := starts[i], starts[i+1]
		p.features[i].Column = &gbdt.Sparse{NumRows: rows, Rows: at[from:to], Values: values[from:to]}
	}
	return nil
}
