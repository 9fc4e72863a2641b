package table

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"math/rand/v2"
	"strconv"
	"testing"
)

// numericCSV makes rows of 28 numbers with three decimals, as the usual
// benchmark data have them.
func numericCSV(rows int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for j := range 28 {
		if j > 0 {
			b = append(b, ',')
		}
		b = append(b, "feature_"...)
		b = strconv.AppendInt(b, int64(j), 10)
	}
	b = append(b, '\n')
	for range rows {
		for j := range 28 {
			if j > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendFloat(b, random.NormFloat64(), 'f', 3, 64)
		}
		b = append(b, '\n')
	}
	return b
}

func BenchmarkCSV(b *testing.B) {
	data := numericCSV(100_000)
	for _, workers := range []int{1, 2} {
		b.Run("ours/workers="+strconv.Itoa(workers), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			var bytesHeld int64
			for b.Loop() {
				t, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), ReadOptions{Format: CSV, Workers: workers})
				if err != nil {
					b.Fatal(err)
				}
				bytesHeld = t.MemoryBytes()
			}
			// All that is allocated bounds the peak; compare it with B/op.
			b.ReportMetric(float64(bytesHeld), "table-B")
		})
	}
	b.Run("encoding_csv_and_strconv", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if err := standardLibraryCSV(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkOtherFormats(b *testing.B) {
	data := numericCSV(100_000)
	t, err := Read(context.Background(), bytes.NewReader(data), int64(len(data)), ReadOptions{Format: CSV})
	if err != nil {
		b.Fatal(err)
	}
	for _, format := range []Format{JSON, JSONL, Parquet} {
		var stored bytes.Buffer
		if err := Write(&stored, t, WriteOptions{Format: format}); err != nil {
			b.Fatal(err)
		}
		b.Run("read/"+string(format), func(b *testing.B) {
			b.SetBytes(int64(stored.Len()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(context.Background(), bytes.NewReader(stored.Bytes()), int64(stored.Len()), ReadOptions{Format: format}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, format := range allFormats {
		b.Run("write/"+string(format), func(b *testing.B) {
			b.SetBytes(t.MemoryBytes())
			for b.Loop() {
				if err := Write(io.Discard, t, WriteOptions{Format: format}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// standardLibraryCSV does the same work with the standard library, told
// beforehand that every column holds numbers.
func standardLibraryCSV(data []byte) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return err
	}
	columns := make([][]float64, len(header))
	for {
		record, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for j, cell := range record {
			v, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				return err
			}
			columns[j] = append(columns[j], v)
		}
	}
}
