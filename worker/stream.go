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
	// maxFlushWait is how long an attempt's end waits for its last words to arrive.
	maxFlushWait = time.Second
	// streamPause is the longest pause before a broken stream is opened again.
	streamPause = 5 * time.Second
)

// stream sends what attempts say to the master: one goroutine for all. Its
// failures fail no work.
//
// An end takes another way to the master than the words before it. So that the
// words come first, an attempt that ends waits until the master has acknowledged
// them, which it does when a stream is closed; the next words open another.
type stream struct {
	w    *Worker
	wake chan struct{}

	mu      sync.Mutex
	waiting map[*attempt]struct{}      // with something to take
	sent    map[*attempt]struct{}      // with something taken and not acknowledged
	leaving map[*attempt]chan struct{} // that end: closed when all they said has arrived or is given up
}

func (s *stream) start(ctx context.Context, w *Worker, helpers *sync.WaitGroup) {
	s.w = w
	s.wake = make(chan struct{}, 1)
	s.waiting, s.sent = map[*attempt]struct{}{}, map[*attempt]struct{}{}
	s.leaving = map[*attempt]chan struct{}{}
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

// flush lets an attempt's last words arrive before its end is reported; it waits
// a moment only, since reports may be lost.
func (s *stream) flush(a *attempt) {
	s.mu.Lock()
	_, waiting := s.waiting[a]
	_, sent := s.sent[a]
	if !waiting && !sent {
		s.mu.Unlock()
		return
	}
	arrived := make(chan struct{})
	s.leaving[a] = arrived
	s.mu.Unlock()
	s.nudge()
	timer := time.NewTimer(maxFlushWait)
	defer timer.Stop()
	select {
	case <-arrived:
	case <-timer.C:
		s.mu.Lock()
		delete(s.leaving, a)
		s.mu.Unlock()
	}
}

// take collects a message's worth of reports, those of attempts that end first.
func (s *stream) take() (*mlopsv1.ReportProgressRequest, []*attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	req := &mlopsv1.ReportProgressRequest{WorkerId: s.w.opts.ID, SessionId: s.w.session}
	var from []*attempt
	bytes := 0
	add := func(a *attempt) {
		if _, ok := s.waiting[a]; !ok || len(from) == maxReports || bytes > maxReportBytes {
			return
		}
		delete(s.waiting, a)
		r := a.reports.Take()
		if r == nil {
			return
		}
		r.Ref = a.ref
		bytes += proto.Size(r)
		req.Reports = append(req.Reports, r)
		from = append(from, a)
		s.sent[a] = struct{}{}
	}
	for a := range s.leaving {
		add(a)
	}
	for a := range s.waiting {
		add(a)
	}
	return req, from
}

// owing tells whether an attempt that ends has said all and waits for the
// acknowledgement.
func (s *stream) owing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a := range s.leaving {
		if _, more := s.waiting[a]; !more {
			return true
		}
	}
	return false
}

// settle notes that what was sent has arrived, or is given up if the stream broke.
func (s *stream) settle(broke bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sent)
	for a, arrived := range s.leaving {
		if _, more := s.waiting[a]; !more || broke {
			close(arrived)
			delete(s.leaving, a)
		}
	}
}

func (s *stream) run(ctx context.Context) {
	var open *reportStream
	failures := 0
	for s.wait(ctx) {
		var err error
		if open, err = s.send(ctx, open); err == nil {
			failures = 0
			continue
		}
		failures++
		s.w.log.Debug("progress could not be reported", "error", err)
		s.rest(ctx, min(flushEvery<<min(failures, 10), streamPause))
	}
	if open != nil {
		_ = open.client.CloseSend() // reports are lossy: whether the last arrived matters to nobody
		open.cancel()
	}
}

// send sends one message and, if somebody waits for it, ends the stream to have
// it acknowledged. It returns the stream that is open then.
func (s *stream) send(ctx context.Context, open *reportStream) (_ *reportStream, err error) {
	req, from := s.take()
	if len(from) > 0 {
		if open == nil {
			open, err = s.open(ctx)
		}
		if err == nil {
			err = open.client.Send(req)
		}
		if err != nil {
			for i, a := range from {
				a.reports.Lost(req.Reports[i])
			}
		}
	}
	if err == nil && !s.owing() {
		return open, nil
	}
	if open != nil {
		if err == nil {
			err = open.acknowledge()
		}
		open.cancel()
	}
	s.settle(err != nil)
	return nil, err
}

// reportStream is a stream of reports to the master.
type reportStream struct {
	client grpc.ClientStreamingClient[mlopsv1.ReportProgressRequest, mlopsv1.ReportProgressResponse]
	cancel context.CancelFunc
}

func (s *stream) open(ctx context.Context) (*reportStream, error) {
	ctx, cancel := context.WithCancel(ctx)
	client, err := s.w.client.ReportProgress(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	return &reportStream{client, cancel}, nil
}

// acknowledge ends the stream and waits until the master has taken in all of it.
func (r *reportStream) acknowledge() error {
	late := time.AfterFunc(maxFlushWait, r.cancel)
	defer late.Stop()
	_, err := r.client.CloseAndRecv()
	return err
}

// wait returns true when there is something to send, at the stream's pace, and
// false when the worker ends.
func (s *stream) wait(ctx context.Context) bool {
	for {
		s.mu.Lock()
		some, urgent := len(s.waiting) > 0, len(s.leaving) > 0
		s.mu.Unlock()
		if some || urgent {
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
			urgent := len(s.leaving) > 0
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
