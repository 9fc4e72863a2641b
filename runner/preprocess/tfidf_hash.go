package preprocess

import (
	"encoding/binary"
	"math/bits"
)

// hashing gives terms their columns without a vocabulary, as scikit-learn's
// HashingVectorizer does.
type hashing struct {
	Features      int  `json:"n_features"`
	AlternateSign bool `json:"alternate_sign"`
}

// find tells a term's column and the sign that it counts with.
func (h *hashing) find(term string) (at int, sign float64) {
	hash := int64(int32(murmur3(term)))
	sign = 1
	if hash < 0 {
		hash = -hash
		if h.AlternateSign {
			sign = -1
		}
	}
	return int(hash % int64(h.Features)), sign
}

func (h *hashing) index(term string) int {
	at, _ := h.find(term)
	return at
}

// murmur3 is MurmurHash3_x86_32 with the seed 0 (Austin Appleby, public domain).
func murmur3(s string) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	h := uint32(0)
	data := []byte(s)
	for ; len(data) >= 4; data = data[4:] {
		h ^= bits.RotateLeft32(binary.LittleEndian.Uint32(data)*c1, 15) * c2
		h = bits.RotateLeft32(h, 13)*5 + 0xe6546b64
	}
	if len(data) > 0 {
		var tail [4]byte
		copy(tail[:], data)
		h ^= bits.RotateLeft32(binary.LittleEndian.Uint32(tail[:])*c1, 15) * c2
	}
	h ^= uint32(len(s))
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
