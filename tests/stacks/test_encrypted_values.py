import pytest

from stacks import errors, files

from . import conftest

KUBECONFIG = "apiVersion: v1\nusers: [{user: {token: s3cret-token}}]\n"


def write(project, salt, sealed, *, extra=""):
    lines = [
        *([f"encryptionsalt: {salt}"] if salt else []),
        "config:",
        "  paasport:cluster:",
        "    vendor: existing",
        "    name: shared",
        "    kubeconfig:",
        f"      value: {sealed}",
        "    storage: {provisioner: ebs.csi.aws.com}",
        *([f"  {extra}"] if extra else []),
    ]
    project.write("\n".join(lines))


def secure(key, text):
    return f'{{secure: "{key.encrypt(text)}"}}'


def read(project, passphrase=conftest.PASSPHRASE):
    return files.read(project.root, "dev", passphrase=lambda: passphrase)


def failure(project, passphrase=conftest.PASSPHRASE):
    with pytest.raises(errors.StackFileError) as caught:
        read(project, passphrase)
    assert "s3cret" not in str(caught.value)
    assert passphrase is None or passphrase not in str(caught.value)
    return [(problem.line, problem.what) for problem in caught.value.problems]


def test_an_encrypted_kubeconfig_is_read(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG))
    found = read(project)
    assert found.settings.cluster.kubeconfig.value.get_secret_value() == KUBECONFIG
    assert found.secret_keys == {"paasport:cluster"}
    assert "s3cret-token" in found.program_config()["paasport:cluster"]


def test_secrets_of_other_namespaces_are_decrypted_wherever_they_stand(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG), extra=f"aws:keys: [plain, {{deep: {secure(key, 's3cret')}}}]")
    found = read(project)
    assert found.secret_keys == {"paasport:cluster", "aws:keys"}
    assert found.program_config()["aws:keys"] == '["plain",{"deep":"s3cret"}]'


def test_a_stack_file_hides_what_was_encrypted(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG), extra=f"aws:secretKey: {secure(key, 's3cret')}")
    found = read(project)
    assert "s3cret" not in f"{found!r} {found} {found.config!r} {list(found.config.values())}"


def test_a_file_is_checked_without_its_passphrase(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG))
    assert files.check(project.root, "dev") == ()


def test_a_stack_is_looked_at_without_its_passphrase(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG), extra="aws:secretKey: {secure: anything}")
    assert files.inspect(project.root, "dev").cluster.name == "shared"


def test_a_stack_of_another_secrets_provider_is_looked_at(project):
    project.write("secretsprovider: awskms://key\nencryptedkey: a\nconfig: {cluster: {vendor: local}}\n")
    assert files.inspect(project.root, "dev").cluster.vendor == "local"


def test_a_missing_passphrase_is_told_together_with_the_rest(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG), extra="paasport:servces: {}")
    assert failure(project, passphrase=None) == [
        (7, "`paasport:cluster.kubeconfig.value` is encrypted, and no passphrase is given"),
        (9, "unknown key `paasport:servces`"),
    ]


def test_a_missing_passphrase_is_told_with_both_variables(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG))
    with pytest.raises(errors.StackFileError, match="set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE"):
        read(project, passphrase=None)


def test_a_wrong_passphrase_is_told(project, salt, key):
    write(project, salt, secure(key, KUBECONFIG))
    assert failure(project, passphrase="Tr0ub4dor&3") == [(1, "the passphrase is wrong")]


def test_a_damaged_value_is_told_at_its_line(project, salt, key):
    damaged = secure(key, KUBECONFIG).replace('"v1:', '"v1:AAAA')
    write(project, salt, damaged)
    assert failure(project) == [(7, "`paasport:cluster.kubeconfig.value`: an encrypted value cannot be decrypted")]


def test_a_missing_salt_is_told(project, key):
    write(project, "", secure(key, KUBECONFIG))
    assert failure(project) == [(1, "the file has encrypted values, but no `encryptionsalt`")]


def test_a_secret_in_plain_is_refused(project, salt):
    write(project, salt, "s3cret")
    assert failure(project) == [(7, "`paasport:cluster.kubeconfig.value` is a secret and stands here in plain")]
    assert [problem.line for problem in files.check(project.root, "dev")] == [7]


def test_an_encrypted_value_is_refused_where_everybody_would_read_it(project, salt, key):
    write(
        project,
        salt,
        secure(key, KUBECONFIG),
        extra=f"paasport:services: {{metrics: {{service: {secure(key, 's3cret')}}}}}",
    )
    assert failure(project) == [(9, "`paasport:services.metrics.service` is encrypted, but it is no secret")]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("secretsprovider: awskms://alias/key", "the embedded engine reads no secrets of a cloud's key service"),
        ("encryptedkey: abc", "the embedded engine reads no secrets of a cloud's key service"),
        ("environment: [shared]", "the embedded engine knows no Pulumi ESC environments"),
    ],
)
def test_what_only_pulumis_cli_can_do_is_refused_with_the_way_out(project, line, what):
    project.write(f"config: {{cluster: {{vendor: local}}}}\n{line}\n")
    with pytest.raises(errors.StackFileError) as caught:
        read(project)
    [problem] = caught.value.problems
    assert (problem.line, problem.what) == (2, what)
    assert problem.next == "use Pulumi's own CLI: ./paasport up dev --engine pulumi"
    assert files.check(project.root, "dev") == ()


def test_the_passphrase_provider_may_be_named(project):
    project.write("secretsprovider: passphrase\nconfig: {cluster: {vendor: local}}\n")
    assert read(project).settings.cluster.vendor == "local"


def test_the_environment_gives_a_passphrase(tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(" from file \n")
    given = files.passphrase_from_environment
    assert given({}) is None
    assert given({"PULUMI_CONFIG_PASSPHRASE": ""}) == ""
    assert given({"PULUMI_CONFIG_PASSPHRASE_FILE": ""}) is None
    assert given({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from file"
    assert given({"PULUMI_CONFIG_PASSPHRASE": "text", "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "text"


def test_a_missing_passphrase_file_is_told(tmp_path):
    with pytest.raises(errors.UsageError, match=r"the passphrase file .*/none cannot be read: No such file"):
        files.passphrase_from_environment({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "none")})
