-- A queue as the release with the migrations up to 0004_instance left it when it was killed: builds that are over, one that
-- runs, one that is leased, one that is queued.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations(
    name TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT;
INSERT INTO migrations VALUES('0001_queue','a311a203e785f2f25ec145d604243c3789df2342d9a27934e3ec05ee73907d07','2026-11-28T05:11:18.772Z');
INSERT INTO migrations VALUES('0002_declines','cd4cddc9f9d64907fe3451a526350ce4a1d3823f5b226681db86f7f274bbadf6','2026-11-28T05:11:18.774Z');
INSERT INTO migrations VALUES('0003_order','b69a6abfb190e345f1200491b147acd02b8c7b39883d8ba10192d330b5c6cf12','2026-11-28T05:11:18.774Z');
INSERT INTO migrations VALUES('0004_instance','96e91290b44f4f8cac4045e46c75d0e9aa92b3b9a8365dec4b6744c625437218','2026-11-28T05:11:18.775Z');
CREATE TABLE builds(
    id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 26),
    -- Who submitted, and the key that makes submitting twice one build.
    submitted_by TEXT NOT NULL CHECK (submitted_by <> ''),
    idempotency_key TEXT NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 200),
    spec_digest TEXT NOT NULL CHECK (spec_digest GLOB 'sha256:*'),
    spec_json TEXT NOT NULL CHECK (spec_json <> ''),
    title TEXT NOT NULL,
    warnings_json TEXT NOT NULL CHECK (warnings_json <> ''),
    no_cache INTEGER NOT NULL CHECK (no_cache IN (0, 1)),
    source_date_epoch INTEGER,
    submitted_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    ended_at INTEGER,
    verdict_json TEXT CHECK (verdict_json <> ''),
    UNIQUE (submitted_by, idempotency_key),
    CHECK ((ended_at IS NULL) = (state IN ('queued', 'running'))),
    CHECK ((verdict_json IS NULL) = (ended_at IS NULL))
) STRICT;
INSERT INTO builds VALUES('01M8G91A1A4XP4Z6210YZPNHFC','root','e970ccad313f72824d1b34161446471b','sha256:ada5f7cc733988f4011c88e3fd87e4e152b2a046106b4bf692ad4872089c1cec','{"arch":"amd64","artifacts":["iso"],"base":"distro:debian/bookworm","bootCheck":"both","components":"none","model":"generic","selfTest":{"linesPerSecond":10,"megabytes":1,"seconds":1},"skipSteps":[],"version":"v0.0.0"}','self-test of 1 s on amd64','[]',0,NULL,1795842680874,'succeeded',1795842681940,'{"artifacts":[{"digest":"sha256:f29fb072131fcfc725b5ec446ad19960b2b1b4fd78a3cbf5867009111fe602e0","mediaType":"application/octet-stream","name":"self-test.bin","role":"self-test","size":1048576}],"message":"all 1 jobs succeeded","milliseconds":1066,"result":"succeeded"}');
INSERT INTO builds VALUES('01M8G91B3HAV918RZ67XQVV9J0','root','9024538fcbe0198ed37bb0a926f817f6','sha256:57e0e7130a0f8e57d621a29dddc45a6054c83cb573730b4013c76c91ca907382','{"arch":"amd64","artifacts":["iso"],"base":"distro:debian/bookworm","bootCheck":"both","components":"none","model":"generic","selfTest":{"failure":"spec","linesPerSecond":10,"megabytes":0,"seconds":3},"skipSteps":[],"version":"v0.0.0"}','self-test of 3 s on amd64','[]',0,NULL,1795842681969,'failed',1795842685027,'{"artifacts":[],"attempt":1,"cause":"spec","code":"self-test","failure":{"cause":"spec","code":"self-test","excerpt":["self-test: failing as asked","self-test: cause spec"],"exitStatus":"exit status 1","message":"The self test failed because it was asked to (spec)","step":"failure"},"job":"01M8G91B3HAV918RZ67XQVV9J0.self-test-amd64","message":"self-test-amd64 failed: The self test failed because it was asked to (spec)","milliseconds":3058,"result":"failed"}');
INSERT INTO builds VALUES('01M8G91E3V55R18H0JA8XQH5HZ','root','f2360da16711a8e887e9bd611a3316df','sha256:4f83f99e9827ea44107d9d351f46c4ff39cfcb1a5123452e8161987a33c4ac44','{"arch":"amd64","artifacts":["iso"],"base":"distro:debian/bookworm","bootCheck":"both","components":"none","model":"generic","selfTest":{"linesPerSecond":10,"megabytes":0,"seconds":8},"skipSteps":[],"version":"v0.0.0"}','self-test of 8 s on amd64','[]',0,NULL,1795842685051,'running',NULL,NULL);
INSERT INTO builds VALUES('01M8G91H2C7QXH3ZDK2MWAKQZZ','root','448288f23186aa7c4ce98b7281d34384','sha256:d11cc00f174ece3c40a00a2a41648e0fefd6410b9518ae2a996823f51e711ced','{"arch":"amd64","artifacts":["iso"],"base":"distro:debian/bookworm","bootCheck":"both","components":"none","model":"generic","selfTest":{"linesPerSecond":10,"megabytes":0,"seconds":2},"skipSteps":[],"version":"v0.0.0"}','self-test of 2 s on amd64','[]',0,NULL,1795842688076,'queued',NULL,NULL);
INSERT INTO builds VALUES('01M8G91H31DWG6S8AR7N2JXMBX','root','26c826982a23ae4799941568023c7053','sha256:2d93ab4e1e7dfecbd1876a1f0a96c3e756628f81e579a2809e2942ab52e0f9cf','{"arch":"amd64","artifacts":["iso"],"base":"distro:debian/bookworm","bootCheck":"both","components":"none","model":"generic","skipSteps":[],"version":"v1.0.0"}','distro:debian/bookworm v1.0.0 amd64 generic','[{"code":"live-only","message":"components: none. The image boots live; it cannot be installed to a disk and cannot be upgraded."}]',0,NULL,1795842688097,'queued',NULL,NULL);
CREATE TABLE jobs(
    -- <build>.<name>
    id TEXT PRIMARY KEY NOT NULL CHECK (id = build || '.' || name),
    build TEXT NOT NULL REFERENCES builds(id),
    -- Its place in the plan: every job comes after those it needs.
    place INTEGER NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    kind TEXT NOT NULL CHECK (kind <> ''),
    architecture TEXT NOT NULL CHECK (architecture <> ''),
    work_json TEXT NOT NULL CHECK (work_json <> ''),
    requirements_json TEXT NOT NULL CHECK (requirements_json <> ''),
    timeout_seconds INTEGER NOT NULL CHECK (timeout_seconds > 0),
    max_attempts INTEGER NOT NULL CHECK (max_attempts BETWEEN 1 AND 1000),
    state TEXT NOT NULL CHECK (state IN
        ('waiting', 'ready', 'leased', 'running', 'succeeded', 'failed', 'cancelled', 'expired')),
    attempt INTEGER NOT NULL DEFAULT 0 CHECK (attempt BETWEEN 0 AND max_attempts),
    -- Higher with every claim; what an older one says changes nothing.
    fence INTEGER NOT NULL DEFAULT 0 CHECK (fence >= 0),
    -- Who holds it, or held it last.
    worker TEXT,
    -- It may be claimed from then on.
    ready_at INTEGER,
    started_at INTEGER,
    ended_at INTEGER,
    -- Set when somebody wants a claimed job ended: the worker is told until it answers.
    cancel_reason TEXT,
    -- Why it waits, or how it ended, in words.
    reason TEXT,
    outcome_json TEXT CHECK (outcome_json <> ''),
    -- SHA-256 of work, inputs and code revision, for the kinds that may be settled from an earlier success.
    cache_key TEXT,
    cached INTEGER NOT NULL DEFAULT 0 CHECK (cached IN (0, 1)), declines INTEGER NOT NULL DEFAULT 0 CHECK (declines >= 0),
    UNIQUE (build, place),
    CHECK ((ready_at IS NOT NULL) = (state = 'ready')),
    CHECK (state NOT IN ('leased', 'running') OR (worker IS NOT NULL AND fence > 0 AND attempt > 0)),
    CHECK ((ended_at IS NOT NULL) = (state IN ('succeeded', 'failed', 'cancelled', 'expired')))
) STRICT;
INSERT INTO jobs VALUES('01M8G91A1A4XP4Z6210YZPNHFC.self-test-amd64','01M8G91A1A4XP4Z6210YZPNHFC',0,'self-test-amd64','self-test','amd64','{"kind":"self-test","linesPerSecond":10,"megabytes":1,"seconds":1}','["isolation"]',301,3,'succeeded',1,1,'old-worker',NULL,1795842680883,1795842681940,NULL,NULL,'{"result":"succeeded"}',NULL,0,0);
INSERT INTO jobs VALUES('01M8G91B3HAV918RZ67XQVV9J0.self-test-amd64','01M8G91B3HAV918RZ67XQVV9J0',0,'self-test-amd64','self-test','amd64','{"failure":"spec","kind":"self-test","linesPerSecond":10,"megabytes":0,"seconds":3}','["isolation"]',303,3,'failed',1,1,'old-worker',NULL,1795842681978,1795842685027,NULL,'The self test failed because it was asked to (spec)','{"cause":"spec","code":"self-test","excerpt":["self-test: failing as asked","self-test: cause spec"],"exitStatus":"exit status 1","message":"The self test failed because it was asked to (spec)","result":"failed","step":"failure"}',NULL,0,0);
INSERT INTO jobs VALUES('01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64','01M8G91E3V55R18H0JA8XQH5HZ',0,'self-test-amd64','self-test','amd64','{"kind":"self-test","linesPerSecond":10,"megabytes":0,"seconds":8}','["isolation"]',308,3,'running',1,1,'old-worker',NULL,1795842685059,NULL,NULL,NULL,NULL,NULL,0,0);
INSERT INTO jobs VALUES('01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64','01M8G91H2C7QXH3ZDK2MWAKQZZ',0,'self-test-amd64','self-test','amd64','{"kind":"self-test","linesPerSecond":10,"megabytes":0,"seconds":2}','["isolation"]',302,3,'ready',0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0);
INSERT INTO jobs VALUES('01M8G91H31DWG6S8AR7N2JXMBX.image-amd64','01M8G91H31DWG6S8AR7N2JXMBX',0,'image-amd64','image','amd64','{"arch":"amd64","base":"distro:debian/bookworm","components":"none","kind":"image","model":"generic","skipSteps":[],"version":"v1.0.0"}','["isolation","tool.mmdebstrap"]',7200,3,'ready',0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0);
INSERT INTO jobs VALUES('01M8G91H31DWG6S8AR7N2JXMBX.iso-amd64','01M8G91H31DWG6S8AR7N2JXMBX',1,'iso-amd64','iso','amd64','{"arch":"amd64","kind":"iso"}','["isolation","tool.mksquashfs","tool.xorriso","tool.mformat","tool.mcopy"]',3600,3,'waiting',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0);
INSERT INTO jobs VALUES('01M8G91H31DWG6S8AR7N2JXMBX.boot-check-amd64','01M8G91H31DWG6S8AR7N2JXMBX',2,'boot-check-amd64','boot-check','amd64','{"arch":"amd64","firmwares":["bios","uefi"],"kind":"boot-check","memoryMiB":2048,"timeoutSeconds":900}','["tool.qemu-system-x86_64","ovmf"]',2100,3,'waiting',0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0);
CREATE TABLE dependencies(
    job TEXT NOT NULL REFERENCES jobs(id),
    needs TEXT NOT NULL REFERENCES jobs(id),
    PRIMARY KEY (job, needs),
    CHECK (job <> needs)
) STRICT, WITHOUT ROWID;
INSERT INTO dependencies VALUES('01M8G91H31DWG6S8AR7N2JXMBX.iso-amd64','01M8G91H31DWG6S8AR7N2JXMBX.image-amd64');
INSERT INTO dependencies VALUES('01M8G91H31DWG6S8AR7N2JXMBX.boot-check-amd64','01M8G91H31DWG6S8AR7N2JXMBX.iso-amd64');
CREATE TABLE attempts(
    job TEXT NOT NULL REFERENCES jobs(id),
    fence INTEGER NOT NULL CHECK (fence > 0),
    attempt INTEGER NOT NULL CHECK (attempt > 0),
    worker TEXT NOT NULL,
    -- SHA-256 of the token that uploads this attempt's artifacts; good until the attempt has ended.
    token_digest TEXT NOT NULL UNIQUE,
    leased_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    outcome_json TEXT CHECK (outcome_json <> ''),
    PRIMARY KEY (job, fence),
    CHECK (started_at IS NULL OR started_at >= leased_at),
    CHECK (outcome_json IS NULL OR ended_at IS NOT NULL)
) STRICT, WITHOUT ROWID;
INSERT INTO attempts VALUES('01M8G91A1A4XP4Z6210YZPNHFC.self-test-amd64',1,1,'old-worker','483d81522fae2e83ed20bf8357d36a081a4b79026a3fe7fb4ef1097bb07c1aaa',1795842680878,1795842680883,1795842681940,'{"result":"succeeded"}');
INSERT INTO attempts VALUES('01M8G91B3HAV918RZ67XQVV9J0.self-test-amd64',1,1,'old-worker','7e95546681dac8d87274257419e9d506c5d86edad47276ae9b7a456e682a3b1b',1795842681973,1795842681978,1795842685027,'{"cause":"spec","code":"self-test","excerpt":["self-test: failing as asked","self-test: cause spec"],"exitStatus":"exit status 1","message":"The self test failed because it was asked to (spec)","result":"failed","step":"failure"}');
INSERT INTO attempts VALUES('01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64',1,1,'old-worker','9a77d12cfe240edb4b2569279243ccb4d0521c0ed638d293e1bded3aa135022f',1795842685054,1795842685059,NULL,NULL);
CREATE TABLE workers(
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    architectures_json TEXT NOT NULL CHECK (architectures_json <> ''),
    slots INTEGER NOT NULL CHECK (slots BETWEEN 1 AND 64),
    capabilities_json TEXT NOT NULL CHECK (capabilities_json <> ''),
    host TEXT NOT NULL,
    software TEXT NOT NULL,
    draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1)),
    registered_at INTEGER NOT NULL
, instance TEXT CHECK (length(instance) = 32)) STRICT;
INSERT INTO workers VALUES('old-worker','["amd64"]',1,'{"isolation":"namespace+cgroup","kvm":"no","ovmf":"yes","processors":"2","root":"yes","tool.mcopy":"4.0.32","tool.mformat":"4.0.32","tool.mksquashfs":"4.5.1","tool.mmdebstrap":"1.3.5","tool.qemu-system-x86_64":"7.2.22","tool.skopeo":"1.9.3","tool.xorriso":"1.5.4"}','vm','factory-worker 0.1.0',0,1795842679065,'e277a6646658a1d19c310b399da28ac1');
CREATE TABLE artifacts(
    job TEXT NOT NULL REFERENCES jobs(id),
    place INTEGER NOT NULL CHECK (place >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    role TEXT NOT NULL CHECK (role <> ''),
    digest TEXT NOT NULL CHECK (digest GLOB 'sha256:*' AND length(digest) = 71),
    size INTEGER NOT NULL CHECK (size >= 0),
    media_type TEXT NOT NULL,
    PRIMARY KEY (job, place)
) STRICT, WITHOUT ROWID;
INSERT INTO artifacts VALUES('01M8G91A1A4XP4Z6210YZPNHFC.self-test-amd64',0,'self-test.bin','self-test','sha256:f29fb072131fcfc725b5ec446ad19960b2b1b4fd78a3cbf5867009111fe602e0',1048576,'application/octet-stream');
CREATE TABLE boot_results(
    job TEXT NOT NULL REFERENCES jobs(id),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    firmware TEXT NOT NULL,
    result_json TEXT NOT NULL CHECK (result_json <> ''),
    PRIMARY KEY (job, attempt, firmware)
) STRICT, WITHOUT ROWID;
CREATE TABLE farm_events(
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    build TEXT NOT NULL REFERENCES builds(id),
    job TEXT REFERENCES jobs(id),
    attempt INTEGER,
    at INTEGER NOT NULL,
    event_json TEXT NOT NULL CHECK (event_json <> '')
) STRICT;
INSERT INTO farm_events VALUES(13,'01M8G91E3V55R18H0JA8XQH5HZ',NULL,NULL,1795842685051,'{"at":1795842685051,"jobs":[{"architecture":"amd64","attempt":0,"cached":false,"job":"01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64","kind":"self-test","maxAttempts":3,"name":"self-test-amd64","needs":[],"state":"waiting"}],"kind":"buildAccepted","seq":0}');
INSERT INTO farm_events VALUES(14,'01M8G91E3V55R18H0JA8XQH5HZ','01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64',0,1795842685051,'{"at":1795842685051,"attempt":0,"job":"01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64","kind":"jobStateChanged","maxAttempts":3,"seq":0,"state":"ready"}');
INSERT INTO farm_events VALUES(15,'01M8G91E3V55R18H0JA8XQH5HZ','01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64',1,1795842685054,'{"at":1795842685054,"attempt":1,"job":"01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64","kind":"jobStateChanged","maxAttempts":3,"seq":0,"state":"leased","worker":"old-worker"}');
INSERT INTO farm_events VALUES(16,'01M8G91E3V55R18H0JA8XQH5HZ','01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64',1,1795842685059,'{"at":1795842685059,"attempt":1,"job":"01M8G91E3V55R18H0JA8XQH5HZ.self-test-amd64","kind":"jobStateChanged","maxAttempts":3,"seq":0,"state":"running","worker":"old-worker"}');
INSERT INTO farm_events VALUES(17,'01M8G91H2C7QXH3ZDK2MWAKQZZ',NULL,NULL,1795842688076,'{"at":1795842688076,"jobs":[{"architecture":"amd64","attempt":0,"cached":false,"job":"01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64","kind":"self-test","maxAttempts":3,"name":"self-test-amd64","needs":[],"state":"waiting"}],"kind":"buildAccepted","seq":0}');
INSERT INTO farm_events VALUES(18,'01M8G91H2C7QXH3ZDK2MWAKQZZ','01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64',0,1795842688076,'{"at":1795842688076,"attempt":0,"job":"01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64","kind":"jobStateChanged","maxAttempts":3,"seq":0,"state":"ready"}');
INSERT INTO farm_events VALUES(19,'01M8G91H31DWG6S8AR7N2JXMBX',NULL,NULL,1795842688097,'{"at":1795842688097,"jobs":[{"architecture":"amd64","attempt":0,"cached":false,"job":"01M8G91H31DWG6S8AR7N2JXMBX.image-amd64","kind":"image","maxAttempts":3,"name":"image-amd64","needs":[],"state":"waiting"},{"architecture":"amd64","attempt":0,"cached":false,"job":"01M8G91H31DWG6S8AR7N2JXMBX.iso-amd64","kind":"iso","maxAttempts":3,"name":"iso-amd64","needs":["image-amd64"],"state":"waiting"},{"architecture":"amd64","attempt":0,"cached":false,"job":"01M8G91H31DWG6S8AR7N2JXMBX.boot-check-amd64","kind":"boot-check","maxAttempts":3,"name":"boot-check-amd64","needs":["iso-amd64"],"state":"waiting"}],"kind":"buildAccepted","seq":0}');
INSERT INTO farm_events VALUES(20,'01M8G91H31DWG6S8AR7N2JXMBX',NULL,NULL,1795842688097,'{"at":1795842688097,"code":"live-only","kind":"warning","message":"components: none. The image boots live; it cannot be installed to a disk and cannot be upgraded.","seq":0}');
INSERT INTO farm_events VALUES(21,'01M8G91H31DWG6S8AR7N2JXMBX','01M8G91H31DWG6S8AR7N2JXMBX.image-amd64',0,1795842688097,'{"at":1795842688097,"attempt":0,"job":"01M8G91H31DWG6S8AR7N2JXMBX.image-amd64","kind":"jobStateChanged","maxAttempts":3,"seq":0,"state":"ready"}');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('farm_events',21);
CREATE INDEX builds_open ON builds(id) WHERE ended_at IS NULL;
CREATE INDEX jobs_held ON jobs(worker) WHERE state IN ('leased', 'running');
CREATE INDEX jobs_cached ON jobs(cache_key, ended_at) WHERE state = 'succeeded' AND cache_key IS NOT NULL;
CREATE INDEX dependencies_by_need ON dependencies(needs);
CREATE INDEX artifacts_by_digest ON artifacts(digest);
CREATE INDEX farm_events_of_build ON farm_events(build, id);
CREATE INDEX jobs_ready ON jobs(id) WHERE state = 'ready';
UPDATE jobs SET state = 'leased', attempt = 1, fence = 1, worker = 'old-worker', ready_at = NULL
    WHERE id = '01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64';
INSERT INTO attempts VALUES('01M8G91H2C7QXH3ZDK2MWAKQZZ.self-test-amd64',1,1,'old-worker','00000000000000000000000000000000000000000000000000000000000000aa',1795842688077,NULL,NULL,NULL);
COMMIT;
PRAGMA application_id = 1178682196;
PRAGMA journal_mode = WAL;
