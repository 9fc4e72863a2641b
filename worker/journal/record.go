package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

const (
	header     = "mlops journal 1\n"
	prefixSize = 4 + 4 + 4
	kindPut    = 'P'
	kindForget = 'F'
	// maxRecord bounds one payload: a result as large as a message may be.
	maxRecord = 16 << 20
)

var (
	magic      = []byte{0xA7, 'm', 'j', 0x0A}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// key identifies an attempt.
type key struct {
	task    string
	attempt uint32
	session string
}

func keyOf(ref *mlopsv1.AttemptRef) key {
	return key{ref.GetTaskId(), ref.GetAttempt(), ref.GetSessionId()}
}

// appendRecord encodes one record behind buf.
func appendRecord(buf []byte, kind byte, m proto.Message) ([]byte, error) {
	start := len(buf)
	buf = append(buf, magic...)
	buf = append(buf, 0, 0, 0, 0, 0, 0, 0, 0, kind)
	buf, err := proto.MarshalOptions{}.MarshalAppend(buf, m)
	if err != nil {
		return buf[:start], fmt.Errorf("encoding a journal record: %w", err)
	}
	payload := buf[start+prefixSize:]
	if len(payload) > maxRecord {
		return buf[:start], fmt.Errorf("a journal record of %d bytes is beyond the limit of %d", len(payload), maxRecord)
	}
	binary.BigEndian.PutUint32(buf[start+4:], uint32(len(payload)))
	binary.BigEndian.PutUint32(buf[start+8:], crc32.Checksum(payload, castagnoli))
	return buf, nil
}

// contents is what a journal file says.
type contents struct {
	live    []*mlopsv1.HeldAttempt // put and not forgotten, oldest first
	foreign bool                   // the file is not a journal of this version
	damaged int                    // bytes skipped before the last whole record
	torn    int                    // bytes behind the last whole record
}

// parse reads a whole journal file. It never fails: it tells how much could not
// be read.
func parse(raw []byte) contents {
	var c contents
	if !bytes.HasPrefix(raw, []byte(header)) {
		// A crash while the file was made leaves part of the header.
		if c.foreign = !bytes.HasPrefix([]byte(header), raw); !c.foreign {
			c.torn = len(raw)
		}
		return c
	}
	index := map[key]int{}
	apply := func(payload []byte) bool {
		switch payload[0] {
		case kindPut:
			held := &mlopsv1.HeldAttempt{}
			if proto.Unmarshal(payload[1:], held) != nil || !complete(held) {
				return false
			}
			if i, ok := index[keyOf(held.GetRef())]; ok {
				c.live[i] = held
			} else {
				index[keyOf(held.GetRef())] = len(c.live)
				c.live = append(c.live, held)
			}
			return true
		case kindForget:
			ref := &mlopsv1.AttemptRef{}
			if proto.Unmarshal(payload[1:], ref) != nil {
				return false
			}
			if i, ok := index[keyOf(ref)]; ok {
				c.live[i] = nil
				delete(index, keyOf(ref))
			}
			return true
		}
		return false
	}
	rest := raw[len(header):]
	skipped := 0
	for len(rest) > 0 {
		payload := whole(rest)
		if payload != nil && apply(payload) {
			c.damaged += skipped
			skipped = 0
			rest = rest[prefixSize+len(payload):]
			continue
		}
		// Look for the next place where a record may begin.
		next := bytes.Index(rest[1:], magic)
		if next < 0 {
			skipped += len(rest)
			break
		}
		skipped += next + 1
		rest = rest[next+1:]
	}
	c.torn = skipped
	kept := c.live[:0]
	for _, held := range c.live {
		if held != nil {
			kept = append(kept, held)
		}
	}
	c.live = kept
	return c
}

// whole returns the payload of the record at the start of raw, or nil if there
// is no whole one.
func whole(raw []byte) []byte {
	if len(raw) < prefixSize+1 || !bytes.HasPrefix(raw, magic) {
		return nil
	}
	n := binary.BigEndian.Uint32(raw[4:])
	if n < 1 || n > maxRecord || uint64(n) > uint64(len(raw)-prefixSize) {
		return nil
	}
	payload := raw[prefixSize : prefixSize+int(n)]
	if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(raw[8:]) {
		return nil
	}
	return payload
}

// complete tells whether an entry says what the master must know.
func complete(held *mlopsv1.HeldAttempt) bool {
	return held.GetRef().GetTaskId() != "" && held.GetState() == mlopsv1.AttemptState_ATTEMPT_STATE_ENDED && held.GetOutcome().GetKind() != nil
}
