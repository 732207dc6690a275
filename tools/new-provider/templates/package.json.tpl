{
  "name": "@tolem/__name__",
  "version": "0.1.0",
  "private": true,
  "type": "module",
  "license": "Apache-2.0",
  "exports": {
    ".": {
      "@tolem/source": "./src/index.ts",
      "default": "./dist/index.js"
    }
  },
  "dependencies": {
    "@nestjs/common": "12.5.1",
    "@nestjs/core": "12.5.1",
    "@nestjs/microservices": "12.1.1",
    "@tolem/contracts": "*",
    "@tolem/coordination": "*",
    "@tolem/domain": "*",
    "@tolem/egress": "*",
    "@tolem/messaging": "*",
    "@tolem/observability": "*",
    "@tolem/persistence": "*",
    "@tolem/provider-kit": "*",
    "@tolem/service-process": "*",
    "reflect-metadata": "0.2.2",
    "rxjs": "7.8.2",
    "zod": "4.6.7"
  },
  "nx": {
    "tags": ["type:service"],
    "targets": {
      "build": {
        "executor": "nx:run-commands",
        "options": {
          "cwd": "services/__name__",
          "command": "swc src -d dist --strip-leading-paths --config-file ../../.swcrc --copy-files --ignore '**/*.spec.ts' --quiet"
        }
      }
    }
  },
  "devDependencies": {
    "@peculiar/x509": "2.2.0",
    "@tolem/testing": "*"
  }
}
