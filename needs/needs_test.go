package needs_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"mlops/needs"
)

// told is a test that notes how it ended.
type told struct {
	testing.TB
	skipped, failed string
}

func (*told) Helper() {}

func (t *told) Skipf(format string, args ...any) {
	t.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (t *told) Fatal(args ...any) {
	t.failed = fmt.Sprint(args...)
	runtime.Goexit()
}

// Only what a machine lacks or forbids skips a test; any other error fails it.
func TestGranted(t *testing.T) {
	for _, c := range []struct {
		err             error
		skipped, failed bool
	}{
		{nil, false, false},
		{&fs.PathError{Op: "open", Path: "/dev/full", Err: syscall.ENOENT}, true, false},
		{syscall.EPERM, true, false},
		{fmt.Errorf("mount: %w", syscall.EACCES), true, false},
		{syscall.EROFS, true, false},
		{syscall.ENOSPC, false, true},
		{syscall.EINVAL, false, true},
		{errors.New("another"), false, true},
	} {
		test := &told{TB: t}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			needs.Granted(test, c.err, "a thing")
		}()
		<-ended
		if (test.skipped != "") != c.skipped || (test.failed != "") != c.failed {
			t.Errorf("%v: skipped %q, failed %q", c.err, test.skipped, test.failed)
		}
		if c.skipped && !strings.Contains(test.skipped, "a thing: "+c.err.Error()) {
			t.Errorf("%q does not say what is lacking", test.skipped)
		}
	}
}
