package storetest

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	mlopsv1 "mlops/proto/mlops/v1"
	"mlops/statestore"
)

// testPayloads looks for what tasks were asked and gave among all that is kept.
func testPayloads(t *testing.T, f *fixture) {
	const many = 5000 // more than a store may want to read at once
	var children []*mlopsv1.TaskSpec
	for i := range many {
		children = append(children, probe(fmt.Sprint("one of many: ", i)))
	}
	f.spawn(task(f.submit(), 0), nil, children...)
	parent := f.submit()
	f.spawn(task(parent, 0), probe("the continuation's spec"), probe("a child's spec"))
	f.succeed(task(parent, 1), "a child's result")
	f.succeed(task(parent, 2), "the end's result")
	f.reopen()
	mentions := func(text string) (n int) {
		f.must(f.store.Payloads(f.ctx(), func(encoded []byte) {
			if bytes.Contains(encoded, []byte(text)) {
				n++
			}
		}))
		return n
	}
	if n := mentions("one of many: "); n < many {
		t.Errorf("%d specs of %d", n, many)
	}
	for _, text := range []string{"the continuation's spec", "a child's spec", "a child's result", "the end's result"} {
		if mentions(text) == 0 {
			t.Errorf("%s is not among the payloads", text)
		}
	}
	f.now = f.now.Add(time.Hour)
	if _, err := f.store.Retain(f.ctx(), f.now, statestore.Retention{MaxAge: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if n := mentions("the end's result"); n != 0 {
		t.Errorf("%d payloads of a deleted workflow", n)
	}
	ctx, cancel := context.WithCancel(f.ctx())
	cancel()
	f.wantError("a cancelled context", f.store.Payloads(ctx, func([]byte) {}), context.Canceled)
}
