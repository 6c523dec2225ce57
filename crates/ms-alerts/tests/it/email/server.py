"""A mail server of the tests: prints its port, then each message that it takes as a line of JSON.

Arguments: certificate, key, `starttls`, `implicit` or `plain`, and the codes with which it answers the first messages.
"""
import asyncio, email, email.policy, json, ssl, sys
from aiosmtpd.smtp import SMTP, AuthResult

certificate, key, mode, *codes = sys.argv[1:]
context = None
if mode != "plain":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)


class Handler:
    async def handle_DATA(self, server, session, envelope):
        if codes:
            return f"{codes.pop(0)} as told"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = lambda kind: message.get_body((kind,)).get_content()
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data and session.auth_data.login.decode(),
            "tls": session.ssl is not None,
            "hello": session.host_name,
            "headers": [[name, str(value)] for name, value in message.items()],
            "defects": [str(defect) for part in message.walk() for defect in part.defects],
            "text": body("plain").replace("\r\n", "\n"),
            "html": body("html").replace("\r\n", "\n"),
            "longest": max(map(len, envelope.content.split(b"\r\n"))),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def check(server, session, envelope, mechanism, data):
    good = data.login == b"alerts" and data.password == "p4ssw0rd ş".encode()
    return AuthResult(success=good, handled=good, auth_data=data)


options = dict(authenticator=check, auth_require_tls=mode != "implicit")
if mode == "starttls":
    options |= dict(tls_context=context, require_starttls=True)


async def main():
    loop = asyncio.get_running_loop()
    make = lambda: SMTP(Handler(), **options)
    server = await loop.create_server(make, "127.0.0.1", 0, ssl=context if mode == "implicit" else None)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
