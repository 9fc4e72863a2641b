package gbdt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// The file of a snapshot: a line that names the format, a line of JSON with the
// state and the sizes, the model text, the scores as little-endian float64, and
// a CRC-32C of all before it.
const (
	snapshotFormat   = "gbdt snapshot 1\n"
	maxSnapshotState = 64 << 20
	maxScores        = 1 << 33
)

type snapshotHeader struct {
	State        snapshotState
	Model        int // bytes of the text
	Train, Valid int // scores
}

var errSnapshotCut = errors.New("gbdt: read snapshot: the file is truncated or damaged")

// WriteTo writes the snapshot.
func (s *Snapshot) WriteTo(w io.Writer) (int64, error) {
	var text bytes.Buffer
	if err := s.model.writeText(&text, true); err != nil {
		return 0, err
	}
	head, err := json.Marshal(snapshotHeader{State: s.state, Model: text.Len(), Train: len(s.train), Valid: len(s.valid)})
	if err != nil {
		return 0, fmt.Errorf("gbdt: write snapshot: %w", err)
	}
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	out := &countingWriter{to: io.MultiWriter(w, sum)}
	out.write([]byte(snapshotFormat), append(head, '\n'), text.Bytes())
	buffer := make([]byte, 0, 1<<16)
	for _, part := range [][]float64{s.train, s.valid} {
		for _, v := range part {
			if buffer = binary.LittleEndian.AppendUint64(buffer, math.Float64bits(v)); len(buffer) == cap(buffer) {
				out.write(buffer)
				buffer = buffer[:0]
			}
		}
	}
	out.write(buffer)
	out.write(binary.LittleEndian.AppendUint32(nil, sum.Sum32()))
	if out.err != nil {
		return out.n, fmt.Errorf("gbdt: write snapshot: %w", out.err)
	}
	return out.n, nil
}

// countingWriter stops at the first error.
type countingWriter struct {
	to  io.Writer
	n   int64
	err error
}

func (w *countingWriter) write(parts ...[]byte) {
	for _, part := range parts {
		if w.err != nil {
			return
		}
		var n int
		n, w.err = w.to.Write(part)
		w.n += int64(n)
	}
}

// ReadSnapshot reads what [Snapshot.WriteTo] wrote. A damaged or truncated file
// is an error. No more memory is taken than the file is long.
func ReadSnapshot(r io.Reader) (*Snapshot, error) {
	sum := crc32.New(crc32.MakeTable(crc32.Castagnoli))
	in := io.TeeReader(r, sum)
	format := make([]byte, len(snapshotFormat))
	if _, err := io.ReadFull(in, format); err != nil || string(format) != snapshotFormat {
		return nil, errors.New("gbdt: read snapshot: this is no snapshot of a training")
	}
	line, err := readLine(in)
	if err != nil {
		return nil, err
	}
	var head snapshotHeader
	if err := json.Unmarshal(line, &head); err != nil {
		return nil, fmt.Errorf("gbdt: read snapshot: %w", err)
	}
	if head.Model < 0 || head.Model > maxModelBytes || head.Train < 0 || head.Train > maxScores || head.Valid < 0 || head.Valid > maxScores {
		return nil, errSnapshotCut
	}
	text, err := readBytes(in, head.Model)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{state: head.State}
	if s.train, err = readScores(in, head.Train); err != nil {
		return nil, err
	}
	if s.valid, err = readScores(in, head.Valid); err != nil {
		return nil, err
	}
	want := sum.Sum32()
	var stored [4]byte
	if _, err := io.ReadFull(r, stored[:]); err != nil || binary.LittleEndian.Uint32(stored[:]) != want {
		return nil, errSnapshotCut
	}
	if s.model, err = ReadText(bytes.NewReader(text)); err != nil {
		return nil, err
	}
	return s, nil
}

// readLine reads byte by byte: what follows is not text.
func readLine(in io.Reader) ([]byte, error) {
	var line []byte
	for one := make([]byte, 1); len(line) < maxSnapshotState; line = append(line, one[0]) {
		if _, err := io.ReadFull(in, one); err != nil {
			return nil, errSnapshotCut
		}
		if one[0] == '\n' {
			return line, nil
		}
	}
	return nil, errSnapshotCut
}

func readBytes(in io.Reader, n int) ([]byte, error) {
	var b bytes.Buffer
	if got, err := io.CopyN(&b, in, int64(n)); err != nil || got != int64(n) {
		return nil, errSnapshotCut
	}
	return b.Bytes(), nil
}

func readScores(in io.Reader, n int) ([]float64, error) {
	bits, err := readBytes(in, 8*n)
	if err != nil || n == 0 {
		return nil, err
	}
	scores := make([]float64, n)
	for i := range scores {
		scores[i] = math.Float64frombits(binary.LittleEndian.Uint64(bits[8*i:]))
		if !finite(scores[i]) {
			return nil, fmt.Errorf("gbdt: read snapshot: the score %v is not finite", scores[i])
		}
	}
	return scores, nil
}
