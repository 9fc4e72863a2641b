package isolation

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Whatever arrives, reading it ends, in messages that can be written again or in
// an error.
func FuzzFrameReader(f *testing.F) {
	var good bytes.Buffer
	for _, m := range []*mlopsv1.ChildFrame{
		{Kind: &mlopsv1.ChildFrame_Request{Request: &mlopsv1.AttemptRequest{Id: 7, Kind: &mlopsv1.AttemptRequest_Permit{Permit: &mlopsv1.AttemptPermit{}}}}},
		{Kind: &mlopsv1.ChildFrame_Outcome{Outcome: succeeded("done")}},
	} {
		if _, err := protodelim.MarshalTo(&good, m); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:good.Len()-3])
	f.Add([]byte("\xff\xff\xff\xff\x7f"))
	f.Add([]byte{0, 0, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := newFrameReader(bytes.NewReader(raw))
		for range len(raw) + 1 {
			m := &mlopsv1.ChildFrame{}
			if r.read(m) != nil {
				return
			}
			if _, err := proto.Marshal(m); err != nil {
				t.Fatalf("a frame was read that cannot be written: %v", err)
			}
		}
		t.Fatal("more frames than bytes")
	})
}
