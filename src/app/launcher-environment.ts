export { launcherEnvironment } from '../platform/launcher.ts'
