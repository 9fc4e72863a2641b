package instrument

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Source names the random numbers of one column of one case.
type Source struct {
	Seed         int64
	Case, Column string
}

// drawing is the version of how random numbers come from a [Source]: a change of
// that changes it, so that no one takes other values for the same.
const drawing = "instrument-v1"

// draws returns the generator of one effect. Each effect has one of its own, so that
// switching one on or off changes no other.
func (s Source) draws(effect string) *rand.Rand {
	h := sha256.New()
	var number [8]byte
	for _, part := range []string{drawing, s.Case, s.Column, effect} {
		binary.BigEndian.PutUint64(number[:], uint64(len(part)))
		h.Write(number[:])
		h.Write([]byte(part))
	}
	binary.BigEndian.PutUint64(number[:], uint64(s.Seed))
	h.Write(number[:])
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum), binary.BigEndian.Uint64(sum[8:])))
}
