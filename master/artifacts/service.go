package artifacts

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"mlops/master/auth"
	mlopsv1 "mlops/proto/mlops/v1"
)

// Limits of the service.
const (
	// MaxChunk is the most bytes that a message carries.
	MaxChunk = 1 << 20
	// MaxName is the most bytes of a link's name.
	MaxName = 512
	// MaxPage is the most links on a page.
	MaxPage = 1000
)

// Links keeps the names of artifacts durably.
type Links interface {
	PutLink(ctx context.Context, link *mlopsv1.ArtifactLink) error
	Links(ctx context.Context, prefix, token string, limit int) ([]*mlopsv1.ArtifactLink, string, error)
}

// Service serves a folder of artifacts.
type Service struct {
	mlopsv1.UnimplementedArtifactServiceServer

	folder   *Folder
	links    Links
	maxBytes int64
	now      func() time.Time

	mu      sync.Mutex
	uploads map[string]*turn // by partial file
}

// turn is the right to write a partial file.
type turn struct {
	mu      sync.Mutex // held while writing
	revoked bool       // a newer upload has the right now
}

// NewService serves a folder; artifacts larger than maxBytes are refused.
func NewService(folder *Folder, links Links, maxBytes int64, now func() time.Time) *Service {
	return &Service{folder: folder, links: links, maxBytes: maxBytes, now: now, uploads: map[string]*turn{}}
}

// StatArtifact tells whether an artifact is there, or how much of an upload.
func (s *Service) StatArtifact(ctx context.Context, req *mlopsv1.StatArtifactRequest) (*mlopsv1.StatArtifactResponse, error) {
	if err := checkDigest(req.GetDigest()); err != nil {
		return nil, err
	}
	size, err := s.folder.Size(req.GetDigest())
	switch {
	case err == nil:
		return &mlopsv1.StatArtifactResponse{Exists: true, Size: size}, nil
	case errors.Is(err, ErrNotFound):
		return &mlopsv1.StatArtifactResponse{ResumeOffset: s.folder.Partial(req.GetDigest(), auth.From(ctx).Name)}, nil
	default:
		return nil, statusOf(err)
	}
}

// DownloadArtifact streams an artifact from an offset on.
func (s *Service) DownloadArtifact(req *mlopsv1.DownloadArtifactRequest, stream mlopsv1.ArtifactService_DownloadArtifactServer) error {
	if err := checkDigest(req.GetDigest()); err != nil {
		return err
	}
	file, size, err := s.folder.Open(req.GetDigest())
	if err != nil {
		return statusOf(err)
	}
	defer file.Close()
	if req.GetOffset() < 0 || req.GetOffset() > size {
		return status.Errorf(codes.OutOfRange, "offset %d is not within the artifact's %d bytes", req.GetOffset(), size)
	}
	body := io.NewSectionReader(file, req.GetOffset(), size-req.GetOffset())
	resp := &mlopsv1.DownloadArtifactResponse{Size: size}
	buffer := make([]byte, MaxChunk)
	for {
		n, err := io.ReadFull(body, buffer)
		if n > 0 || resp.Size > 0 {
			resp.Data = buffer[:n]
			if err := stream.Send(resp); err != nil {
				return err
			}
			resp = &mlopsv1.DownloadArtifactResponse{}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return statusOf(err)
		}
	}
}

// LinkArtifact gives an artifact a further name.
func (s *Service) LinkArtifact(ctx context.Context, req *mlopsv1.LinkArtifactRequest) (*mlopsv1.LinkArtifactResponse, error) {
	if err := checkDigest(req.GetDigest()); err != nil {
		return nil, err
	}
	if err := checkName(req.GetName()); err != nil {
		return nil, err
	}
	size, err := s.folder.Size(req.GetDigest())
	if err != nil {
		return nil, statusOf(err)
	}
	err = s.links.PutLink(ctx, &mlopsv1.ArtifactLink{
		Name: req.GetName(), Digest: req.GetDigest(), Size: size, CreatedAt: timestamppb.New(s.now()),
	})
	if err != nil {
		return nil, statusOf(err)
	}
	return &mlopsv1.LinkArtifactResponse{}, nil
}

// ListArtifacts lists links by prefix.
func (s *Service) ListArtifacts(ctx context.Context, req *mlopsv1.ListArtifactsRequest) (*mlopsv1.ListArtifactsResponse, error) {
	limit := int(req.GetPageSize())
	if limit < 0 || limit > MaxPage {
		return nil, status.Errorf(codes.InvalidArgument, "page_size: must be between 0 and %d, is %d", MaxPage, limit)
	}
	if limit == 0 {
		limit = MaxPage
	}
	links, next, err := s.links.Links(ctx, req.GetPrefix(), req.GetPageToken(), limit)
	if err != nil {
		return nil, statusOf(err)
	}
	return &mlopsv1.ListArtifactsResponse{Links: links, NextPageToken: next}, nil
}

func checkDigest(digest string) error {
	if !ValidDigest(digest) {
		return status.Error(codes.InvalidArgument, "digest: must be a SHA-256 as 64 lower-case hexadecimal digits")
	}
	return nil
}

// checkName keeps names such that they could be paths without harm.
func checkName(name string) error {
	if name == "" || len(name) > MaxName {
		return status.Errorf(codes.InvalidArgument, "name: must have 1 to %d bytes, has %d", MaxName, len(name))
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return status.Errorf(codes.InvalidArgument, "name: %q has an empty, \".\" or \"..\" part", name)
		}
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }) {
		return status.Errorf(codes.InvalidArgument, "name: %q has a control character or a backslash", name)
	}
	return nil
}

// statusOf is what a caller is told of an error.
func statusOf(err error) error {
	switch {
	case errors.Is(err, ErrNotFound):
		return status.Error(codes.NotFound, "there is no such artifact")
	case errors.Is(err, ErrDigest):
		return status.Error(codes.DataLoss, err.Error())
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return status.Error(codes.ResourceExhausted, "the master's disk is full")
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return status.FromContextError(err).Err()
	default:
		return status.Errorf(codes.Internal, "artifacts: %v", err)
	}
}
