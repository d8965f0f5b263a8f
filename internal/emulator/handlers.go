// SPDX-License-Identifier: MPL-2.0

package emulator

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"
)

var (
	errNoBearer    = &apiError{http.StatusUnauthorized, "A bearer token is needed"}
	errContentType = &apiError{http.StatusBadRequest, "The content type is not " + contentTypeJSON}
	errBody        = &apiError{http.StatusBadRequest, "The body is not the JSON object that this operation takes"}
)

// handlers puts the generated routes on top of the rules.
type handlers struct {
	service *service
}

var _ ServerInterface = handlers{}

// CreateRegisterToken answers POST /v1_0/auth/register_tokens.
func (h handlers) CreateRegisterToken(w http.ResponseWriter, r *http.Request) {
	admin, err := h.authorize(r, ADMIN)
	if err != nil {
		refuse(w, err)
		return
	}

	var req CreateRegisterTokenRequest
	if err := readJSON(r, &req); err != nil {
		refuse(w, err)
		return
	}

	value, err := h.service.mint(admin.IssuerName, req)
	if err != nil {
		refuse(w, err)
		return
	}

	writeJSON(w, http.StatusCreated, RegisterToken{RegisterToken: value})
}

// RedeemRegisterToken answers POST /v1_0/auth/refresh_tokens. The register token is the only credential it needs.
func (h handlers) RedeemRegisterToken(w http.ResponseWriter, r *http.Request) {
	var req RedeemRegisterTokenRequest
	if err := readJSON(r, &req); err != nil {
		refuse(w, err)
		return
	}

	value, err := h.service.redeem(req.RegisterToken)
	if err != nil {
		refuse(w, err)
		return
	}

	writeJSON(w, http.StatusCreated, RefreshToken{RefreshToken: value})
}

// ListAccessTokens answers GET /v1_0/auth/refresh_tokens.
func (h handlers) ListAccessTokens(w http.ResponseWriter, r *http.Request) {
	if _, err := h.authorize(r, ADMIN); err != nil {
		refuse(w, err)
		return
	}

	tokens := h.service.list(false)
	rows := make([]AccessToken, 0, len(tokens))

	for _, token := range tokens {
		rows = append(rows, wireToken(token))
	}

	writeJSON(w, http.StatusOK, rows)
}

// DeleteAccessToken answers DELETE /v1_0/auth/refresh_tokens. The last ADMIN token may go too.
func (h handlers) DeleteAccessToken(w http.ResponseWriter, r *http.Request, params DeleteAccessTokenParams) {
	if _, err := h.authorize(r, ADMIN); err != nil {
		refuse(w, err)
		return
	}

	if err := h.service.remove(params.TokenName); err != nil {
		refuse(w, err)
		return
	}

	w.WriteHeader(http.StatusNoContent)
}

// WhoAmI answers GET /v1_0/auth/whoami.
func (h handlers) WhoAmI(w http.ResponseWriter, r *http.Request) {
	token, err := h.authorize(r, USER)
	if err != nil {
		refuse(w, err)
		return
	}

	writeJSON(w, http.StatusOK, wireToken(token))
}

func (h handlers) authorize(r *http.Request, need Role) (Token, error) {
	value, ok := bearer(r)
	if !ok {
		return Token{}, errNoBearer
	}

	return h.service.authorize(value, need)
}

// bearer returns the value that a request is made with.
func bearer(r *http.Request) (string, bool) {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")

	return value, strings.EqualFold(scheme, "Bearer") && value != ""
}

// readJSON reads a body of which maxBody bytes at most were let through.
func readJSON(r *http.Request, into any) error {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != contentTypeJSON {
		return errContentType
	}

	decoder := json.NewDecoder(r.Body)
	// A misspelled optional key must not pass for one that was left out: the token would never expire.
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

	return AccessToken{Id: t.ID, Name: t.Name, Type: Role(t.Role), IssuerName: &t.IssuerName, Exp: exp}
}

// refuse puts a refusal into the envelope.
func refuse(w http.ResponseWriter, err error) {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = &apiError{http.StatusInternalServerError, "Internal error"}
	}

	writeError(w, refusal.status, refusal.field)
}
