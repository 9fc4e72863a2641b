package worker

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	mlopsv1 "mlops/proto/mlops/v1"
)

const (
	// flushEvery is the pace of reports while attempts have something to say.
	flushEvery = 200 * time.Millisecond
	// maxReports and maxReportBytes bound one message.
	maxReports     = 1000
	maxReportBytes = 2 << 20
	// maxFlushWait is how long an attempt's end waits for its last words to leave.
	maxFlushWait = 100 * time.Millisecond
	// streamPause is the longest pause before a broken stream is opened again.
	streamPause = 5 * time.Second
)

// stream sends what attempts say to the master: one goroutine for all. Its
// failures fail no work.
type stream struct {
	w    *Worker
	wake chan struct{}

	mu      sync.Mutex
	waiting map[*attempt]struct{} // with something to take
	urgent  bool                  // do not wait for the pace
	flushed chan struct{}         // closed when what waits now has been sent or given up
}

func (s *stream) start(ctx context.Context, w *Worker, helpers *sync.WaitGroup) {
	s.w = w
	s.wake = make(chan struct{}, 1)
	s.waiting = map[*attempt]struct{}{}
	s.flushed = make(chan struct{})
	helpers.Go(func() { s.run(ctx) })
}

// offer notes that an attempt has something to say.
func (s *stream) offer(a *attempt) {
	s.mu.Lock()
	s.waiting[a] = struct{}{}
	s.mu.Unlock()
	s.nudge()
}

func (s *stream) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// flush lets an attempt's last words leave before its end is reported; it waits
// a moment only, since reports may be lost.
func (s *stream) flush(a *attempt) {
	s.mu.Lock()
	if _, ok := s.waiting[a]; !ok {
		s.mu.Unlock()
		return
	}
	s.urgent = true
	flushed := s.flushed
	s.mu.Unlock()
	s.nudge()
	timer := time.NewTimer(maxFlushWait)
	defer timer.Stop()
	select {
	case <-flushed:
	case <-timer.C:
	}
}

// take collects a message's worth of reports.
func (s *stream) take() (*mlopsv1.ReportProgressRequest, []*attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := &mlopsv1.ReportProgressRequest{WorkerId: s.w.opts.ID, SessionId: s.w.session}
	var from []*attempt
	bytes := 0
	for a := range s.waiting {
		if len(req.Reports) == maxReports || bytes > maxReportBytes {
			return req, from // more is waiting: the urgency stays
		}
		delete(s.waiting, a)
		r := a.reports.Take()
		if r == nil {
			continue
		}
		r.Ref = a.ref
		bytes += proto.Size(r)
		req.Reports = append(req.Reports, r)
		from = append(from, a)
	}
	s.urgent = false
	return req, from
}

// sent tells those who wait that what they said has left or is given up.
func (s *stream) sent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.flushed)
	s.flushed = make(chan struct{})
}

func (s *stream) run(ctx context.Context) {
	var client grpc.ClientStreamingClient[mlopsv1.ReportProgressRequest, mlopsv1.ReportProgressResponse]
	failures := 0
	for s.wait(ctx) {
		req, from := s.take()
		err := error(nil)
		if len(req.Reports) > 0 {
			if client == nil {
				client, err = s.w.client.ReportProgress(ctx)
			}
			if err == nil {
				err = client.Send(req)
			}
		}
		if err != nil {
			client = nil
			for i, a := range from {
				a.reports.Lost(req.Reports[i])
			}
			failures++
		} else if len(req.Reports) > 0 {
			failures = 0
		}
		s.sent()
		if err != nil {
			s.w.log.Debug("progress could not be reported", "error", err)
			s.rest(ctx, min(flushEvery<<min(failures, 10), streamPause))
		}
	}
	if client != nil {
		_ = client.CloseSend() // reports are lossy: whether the last arrived matters to nobody
	}
}

// wait returns true when there is something to send, at the stream's pace, and
// false when the worker ends.
func (s *stream) wait(ctx context.Context) bool {
	for {
		s.mu.Lock()
		some, urgent := len(s.waiting) > 0, s.urgent
		s.mu.Unlock()
		if some {
			if !urgent {
				s.pace(ctx)
			}
			return ctx.Err() == nil
		}
		select {
		case <-ctx.Done():
			return false
		case <-s.wake:
		}
	}
}

// pace waits for the next flush, or until somebody is in a hurry.
func (s *stream) pace(ctx context.Context) {
	timer := time.NewTimer(flushEvery)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			return
		case <-s.wake:
			s.mu.Lock()
			urgent := s.urgent
			s.mu.Unlock()
			if urgent {
				return
			}
		}
	}
}

func (s *stream) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
