package artifacts

import (
	"errors"
	"io"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"mlops/master/auth"
	mlopsv1 "mlops/proto/mlops/v1"
)

// UploadArtifact stores an artifact. An artifact that is there already is
// answered at once.
func (s *Service) UploadArtifact(stream mlopsv1.ArtifactService_UploadArtifactServer) error {
	first, err := stream.Recv()
	if errors.Is(err, io.EOF) {
		return status.Error(codes.InvalidArgument, "digest: the upload is empty; its first message must name the artifact")
	}
	if err != nil {
		return err
	}
	if err := s.checkFirst(first); err != nil {
		return err
	}
	done := &mlopsv1.UploadArtifactResponse{Digest: first.GetDigest(), Size: first.GetSize()}
	size, err := s.folder.Size(first.GetDigest())
	switch {
	case err == nil:
		done.Size = size
		return stream.SendAndClose(done)
	case !errors.Is(err, ErrNotFound):
		return statusOf(err)
	}
	caller := auth.From(stream.Context()).Name
	path := s.folder.partialPath(first.GetDigest(), caller)
	t := s.takeTurn(path)
	defer s.leave(path, t)
	if err := s.receive(stream, first, caller, t); err != nil {
		return err
	}
	return stream.SendAndClose(done)
}

func (s *Service) checkFirst(first *mlopsv1.UploadArtifactRequest) error {
	if err := checkDigest(first.GetDigest()); err != nil {
		return err
	}
	size, offset := first.GetSize(), first.GetOffset()
	switch {
	case size < 0:
		return status.Errorf(codes.InvalidArgument, "size: must not be negative, is %d", size)
	case size > s.maxBytes:
		return status.Errorf(codes.ResourceExhausted, "size: %d bytes are more than the %d that this master accepts", size, s.maxBytes)
	case offset < 0 || offset > size:
		return status.Errorf(codes.InvalidArgument, "offset: %d is not within the %d bytes of the artifact", offset, size)
	}
	return nil
}

// receive takes the bytes in and publishes the artifact.
func (s *Service) receive(stream mlopsv1.ArtifactService_UploadArtifactServer, first *mlopsv1.UploadArtifactRequest, caller string, t *turn) error {
	if kept := s.folder.Partial(first.GetDigest(), caller); first.GetOffset() > kept {
		return status.Errorf(codes.FailedPrecondition, "offset: %d lies beyond the %d bytes that were kept; go on there", first.GetOffset(), kept)
	}
	u, err := s.folder.begin(first.GetDigest(), caller, first.GetOffset())
	if err != nil {
		return statusOf(err)
	}
	err = s.fill(stream, first, u, t)
	if err == nil {
		err = t.do(u.finish)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errRevoked):
		u.keep()
		return err
	case errors.Is(err, errOversize), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		u.abandon()
	default:
		u.keep()
	}
	if _, isStatus := status.FromError(err); isStatus {
		return err
	}
	return statusOf(err)
}

// errOversize says that more came than was announced.
var errOversize = status.Error(codes.InvalidArgument, "data: more bytes than the announced size")

// errRevoked says that the upload's partial file belongs to a newer one.
var errRevoked = status.Error(codes.Aborted, "a newer upload of the same artifact took over")

// fill writes the stream's bytes until the announced size is reached and the
// stream has ended.
func (s *Service) fill(stream mlopsv1.ArtifactService_UploadArtifactServer, msg *mlopsv1.UploadArtifactRequest, u *upload, t *turn) error {
	size := msg.GetSize()
	for {
		data := msg.GetData()
		switch {
		case len(data) > MaxChunk:
			return status.Errorf(codes.InvalidArgument, "data: a chunk has at most %d bytes, got %d", MaxChunk, len(data))
		case u.size+int64(len(data)) > size:
			return errOversize
		}
		err := t.do(func() error { return u.write(data) })
		if err != nil {
			return err
		}
		msg, err = stream.Recv()
		switch {
		case errors.Is(err, io.EOF) && u.size == size:
			return nil
		case errors.Is(err, io.EOF):
			return status.Errorf(codes.InvalidArgument, "data: the upload ended after %d of %d bytes", u.size, size)
		case err != nil:
			return err
		}
	}
}

// takeTurn lets one upload at a time write a partial file: the newest, because an
// older one of the same caller has usually lost its connection. It returns once
// the older one can write no more.
func (s *Service) takeTurn(path string) *turn {
	t := &turn{}
	s.mu.Lock()
	older := s.uploads[path]
	s.uploads[path] = t
	s.mu.Unlock()
	if older != nil {
		older.mu.Lock()
		older.revoked = true
		older.mu.Unlock()
	}
	return t
}

func (s *Service) leave(path string, t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.uploads[path] == t {
		delete(s.uploads, path)
	}
}

// do runs f unless the turn was revoked.
func (t *turn) do(f func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.revoked {
		return errRevoked
	}
	return f()
}
