// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var (
	errNoBearer    = &apiError{http.StatusUnauthorized, "A bearer token is required"}
	errContentType = &apiError{http.StatusBadRequest, "The content type must be " + contentTypeJSON}
	errBody        = &apiError{http.StatusBadRequest, "The body is not the JSON object that this operation expects"}
)

// handlers implements the generated routes.
type handlers struct {
	service *service
}

var _ ServerInterface = handlers{}

// CreateRegisterToken handles POST /v1_0/auth/register_tokens.
func (h handlers) CreateRegisterToken(w http.ResponseWriter, r *http.Request) {
	admin, err := h.authorize(r, ADMIN)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	var req CreateRegisterTokenRequest
	if err := readJSON(r, &req); err != nil {
		writeServiceError(w, err)
		return
	}
	value, err := h.service.createRegisterToken(admin, req)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, RegisterToken{RegisterToken: value})
}

// RedeemRegisterToken handles POST /v1_0/auth/refresh_tokens. The register token is the only credential.
func (h handlers) RedeemRegisterToken(w http.ResponseWriter, r *http.Request) {
	var req RedeemRegisterTokenRequest
	if err := readJSON(r, &req); err != nil {
		writeServiceError(w, err)
		return
	}
	value, err := h.service.redeem(req.RegisterToken)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	writeJSON(w, http.StatusCreated, RefreshToken{RefreshToken: value})
}

// ListAccessTokens handles GET /v1_0/auth/refresh_tokens.
func (h handlers) ListAccessTokens(w http.ResponseWriter, r *http.Request) {
	admin, err := h.authorize(r, ADMIN)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	tokens := h.service.listed(admin.Project)
	rows := make([]AccessToken, 0, len(tokens))
	for _, token := range tokens {
		rows = append(rows, wireToken(token))
	}
	writeJSON(w, http.StatusOK, rows)
}

// DeleteAccessToken handles DELETE /v1_0/auth/refresh_tokens. The last ADMIN token can be deleted too.
func (h handlers) DeleteAccessToken(w http.ResponseWriter, r *http.Request, params DeleteAccessTokenParams) {
	admin, err := h.authorize(r, ADMIN)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	if err := h.service.deleteAccessToken(admin.Project, params.TokenName); err != nil {
		writeServiceError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// WhoAmI handles GET /v1_0/auth/whoami.
func (h handlers) WhoAmI(w http.ResponseWriter, r *http.Request) {
	token, err := h.authorize(r, USER)
	if err != nil {
		writeServiceError(w, err)
		return
	}
	writeJSON(w, http.StatusOK, wireToken(token))
}

func (h handlers) authorize(r *http.Request, required Role) (Token, error) {
	value, ok := bearer(r)
	if !ok {
		return Token{}, errNoBearer
	}
	return h.service.authorize(value, required)
}

// bearer returns the access token value of a request.
func bearer(r *http.Request) (string, bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return value, strings.EqualFold(scheme, "Bearer") && value != ""
}

// readJSON decodes a body of at most maxBody bytes.
func readJSON(r *http.Request, into any) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != contentTypeJSON {
		return errContentType
	}
	decoder := json.NewDecoder(r.Body)
	// A misspelled optional key must not be ignored: without refresh_ttl the token would never expire.
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return errBody
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errBody
	}
	return nil
}

func wireToken(t Token) AccessToken {
	exp := json.RawMessage("null")
	if t.ExpiresAt != nil {
		exp = json.RawMessage(t.ExpiresAt.Format(`"` + time.RFC3339 + `"`))
	}
	return AccessToken{Id: json.RawMessage(strconv.Quote(t.ID)), Name: t.Name, Type: Role(t.Role), IssuerName: &t.IssuerName, Exp: exp}
}

// writeServiceError writes an error from the service as an error envelope.
func writeServiceError(w http.ResponseWriter, err error) {
	var apiErr *apiError
	if !errors.As(err, &apiErr) {
		apiErr = &apiError{http.StatusInternalServerError, "Internal error"}
	}
	writeError(w, apiErr.status, apiErr.field)
}
